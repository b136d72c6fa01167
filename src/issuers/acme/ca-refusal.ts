/** What a CA's refusal means to whoever has to wait or to act: when to ask again, and what to tell. */
import { AcmeProblemError } from '../../acme/errors.ts';

/** Where the CA names no time. */
const defaultWaitMs = 5 * 60_000;
/** A person has to act first: there is no hurry. */
const personWaitMs = 3_600_000;
/** However long a CA asks to be left alone, it is asked again within a day. */
const longestWaitMs = 24 * 3_600_000;
const shortestWaitMs = 1_000;

/** When to ask again, in milliseconds since the epoch: as the CA says, within bounds. */
export function retryTime(error: unknown, now: number, usually = defaultWaitMs): number {
  const asked = error instanceof AcmeProblemError ? error.retryAt : undefined;
  const person = error instanceof AcmeProblemError && error.isUserActionRequired;
  const wait = asked === undefined ? (person ? personWaitMs : usually) : asked - now;
  return now + Math.min(longestWaitMs, Math.max(shortestWaitMs, wait));
}

/** The CA is at fault or busy, not the request: the same call may succeed later. */
export function caFault(error: AcmeProblemError): boolean {
  return error.isRateLimited || error.isServerFault || error.status === 503;
}

/** The error's text; for a CA that waits for a person with the place where to agree (RFC 8555 §7.3.3). */
export function describeRefusal(error: Error): string {
  if (!(error instanceof AcmeProblemError) || !error.isUserActionRequired) return error.message;
  const place = error.problem.instance ?? error.termsOfService;
  const where = place === undefined ? 'with the CA' : `at ${place}`;
  return `the CA wants a person to agree to something first, ${where}; it is asked again every hour: ${error.message}`;
}
