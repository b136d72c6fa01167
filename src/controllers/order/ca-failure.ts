/** What a failed call to the CA does to an Order: it ends it, or it waits and goes on by itself (acme.md §15, with our waiting). */
import {
  acmeErrorPrefix,
  AcmeError,
  AcmeProblemError,
  AcmeProfileError,
  AcmeProtocolError,
  AcmeTransportError,
} from '../../acme/errors.ts';
import { caFault, describeRefusal } from '../../issuers/acme/ca-refusal.ts';

/** `problem`: type of the problem document for `status.problem`, or `about:blank`. */
export type CaFailure =
  | { kind: 'errored'; reason: string; problem: string }
  /** `at`: not before, in milliseconds since the epoch, where the CA named a time. */
  | { kind: 'wait'; reason: string; problem: string; at?: number };

/** RFC 9457 §4.2.1: no type; also for CAs that could not be reached. */
export const noProblemType = 'about:blank';

/** @param doing what failed, such as `Failed to create Order: ` @throws what is no error of the CA's */
export function judgeFailure(doing: string, error: unknown): CaFailure {
  if (!(error instanceof AcmeError)) throw error;
  const reason = `${doing}${describeRefusal(error)}`;
  if (error instanceof AcmeProblemError) {
    const { type } = error.problem;
    // 429, 503 and faults of the CA pass; a person who has to agree to something may do so; an account comes back.
    const passes = error.retryable || error.isUserActionRequired || caFault(error);
    if (!passes) return { kind: 'errored', reason, problem: type };
    return {
      kind: 'wait',
      reason,
      problem: type,
      ...(error.retryAt === undefined ? {} : { at: error.retryAt }),
    };
  }
  if (error instanceof AcmeTransportError || error instanceof AcmeProtocolError)
    return { kind: 'wait', reason, problem: noProblemType };
  // Nothing was sent, as the CA would refuse it in this word (draft-ietf-acme-profiles §4): it is healthy, the issuer is wrong.
  if (error instanceof AcmeProfileError)
    return { kind: 'errored', reason, problem: `${acmeErrorPrefix}invalidProfile` };
  // A chain that is none, more authorizations than names: only another order can help, or another CA.
  if (error.code === 'acme/certificate' || error.code === 'acme/excess')
    return { kind: 'errored', reason, problem: noProblemType };
  return { kind: 'wait', reason, problem: noProblemType };
}
