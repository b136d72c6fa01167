/** What a failed call to the CA means for a Challenge (acme.md §7.4), with the waiting that cert-manager does not do. */
import { AcmeProblemError, AcmeProtocolError, AcmeTransportError } from '../../acme/errors.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import { describeRefusal, retryTime } from '../../issuers/acme/ca-refusal.ts';
import { boundedText } from '../bounded-text.ts';

export type CaFault =
  /** The state stays, and the same call is made again: not before `notBeforeMs`, where the CA named a time. */
  | { kind: 'wait'; reason: string; notBeforeMs?: number; fault: boolean }
  /** The Challenge is over. `reason` absent: it stays as it is. */
  | { kind: 'end'; state: AcmeState; reason?: string }
  /** The CA may know more than this answer says: the authorization tells. */
  | { kind: 'look'; state: AcmeState; reason?: string };

/** Answers in a row that are no ACME at all before the Challenge ends: some twenty minutes of a broken CA or proxy. */
export const longestNonsense = 8;

/**
 * 429, 503 and everything else that may pass waits; an answer that makes no sense waits, too, but not for ever.
 * @param faults how many answers in a row made no sense, this one not counted
 * @param now milliseconds since the epoch
 */
export function judge(error: unknown, faults: number, now: number): CaFault {
  if (error instanceof AcmeProblemError) {
    const { retryAt, status, message } = error;
    // As an Order does: the answer stays in place until somebody has agreed (RFC 8555 §7.3.3).
    if (error.isUserActionRequired) {
      const reason = boundedText(`Waiting for the CA: ${describeRefusal(error)}`);
      return { kind: 'wait', reason, fault: false, notBeforeMs: retryTime(error, now) };
    }
    if (error.retryable || retryAt !== undefined || status >= 500 || status === 408) {
      const wait = retryAt === undefined ? {} : { notBeforeMs: retryAt };
      return { kind: 'wait', reason: boundedText(`Waiting for the CA: ${message}`), fault: false, ...wait };
    }
    if (error.is('malformed')) return { kind: 'look', state: 'expired' };
    return {
      kind: 'end',
      state: 'errored',
      reason: boundedText(`Failed to retrieve Order resource: ${message}`),
    };
  }
  if (error instanceof AcmeProtocolError) {
    if (faults + 1 >= longestNonsense)
      return {
        kind: 'end',
        state: 'errored',
        reason: boundedText(`unexpected non-ACME API error: ${error.message}`),
      };
    return {
      kind: 'wait',
      reason: boundedText(`Waiting for the CA: its answer makes no sense: ${error.message}`),
      fault: true,
    };
  }
  if (error instanceof AcmeTransportError)
    return {
      kind: 'wait',
      reason: boundedText(`Waiting for the CA: ${error.message}`),
      fault: false,
    };
  throw error;
}
