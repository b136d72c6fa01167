/** The fast path: everything in one go, because the issuer answers in process and approval is ours (design §3). */
import { components } from './constants.ts';
import type { Decision } from './decision.ts';
import { nextKey } from './next-key.ts';
import { terminalFailure, terminalTime, type RequestFacts } from './request-facts.ts';
import { requestViolations } from './request-match.ts';
import { fail, idle, type Cause, type Situation } from './situation.ts';
import { conditionOf, started } from './status.ts';

export function decideFast(found: Situation, cause: Cause): Decision {
  const { facts, nowMs, revision } = found;
  const { certificate } = facts;
  const key = nextKey(certificate.spec, facts.secret);
  if (key.source === 'blocked') {
    const already = conditionOf(certificate.status, 'Issuing')?.status === 'True';
    const status = already ? found.status : started(certificate, found.status, cause, nowMs);
    const events = already ? [] : [...cause.events, key.event];
    return {
      ...idle(status),
      manager: components.trigger,
      reason: 'CannotRegenerateKey',
      message: key.event.message,
      events,
    };
  }
  if (!cause.begins) {
    const ended = failureOfThisAttempt(found);
    if (ended !== undefined) return fail(found, terminalFailure(ended)!, ended);
  }
  // Whatever request of this revision there is: its key was in a memory that is gone, so nobody can finish it.
  const stale = facts.requests.filter(
    (request) => request.revision === revision || request.revision === undefined,
  );
  return {
    action: { kind: 'issue', revision, key: key.source, stale, repeated: cause.repeated },
    reason: cause.reason,
    message: cause.message,
    status: found.status,
    manager: components.issuing,
    events: key.event === undefined ? cause.events : [...cause.events, key.event],
    again: true,
  };
}

/** With the Issuing condition set, a request that ended badly since then ends the attempt; an older one is left over. */
export function failureOfThisAttempt(found: Situation): RequestFacts | undefined {
  const { certificate, attempt } = found.facts;
  const since = conditionOf(certificate.status, 'Issuing')?.lastTransitionTime;
  const sinceMs = since === undefined ? 0 : Date.parse(since);
  return found.next.find(
    (request) =>
      terminalFailure(request) !== undefined &&
      request.uid !== attempt.booked &&
      (request.uid === attempt.made || terminalTime(request) >= sinceMs) &&
      requestViolations(certificate.spec, request, found.facts.chain.issuers).length === 0,
  );
}
