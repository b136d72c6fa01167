/** How loudly the log tells that a request was not signed. Pure. */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { requestEvents } from '../../api/reasons.ts';
import type { SignOutcome } from '../../issuers/issuer.ts';
import { readyReason } from './status.ts';

/** Where an Order stands is told by the Order, at each step. */
const ofOrders: readonly string[] = [requestEvents.orderCreated, requestEvents.orderPending];

/** One line for each wait, and no alarm while somebody else works. */
export function waitLevel(request: CertificateRequest, outcome: SignOutcome): 'debug' | 'info' | 'warn' {
  if (outcome.kind !== 'pending' || !ofOrders.includes(outcome.reason) || outcome.retry) return 'warn';
  return readyReason(request) === 'Pending' ? 'debug' : 'info';
}
