/** What there is to do for a Certificate that needs no issuance (lifecycle §19, §21, §22). */
import { breakerMessage } from './breaker.ts';
import { components } from './constants.ts';
import type { Decision } from './decision.ts';
import { firstViolation, usablePolicies } from './policies.ts';
import { postIssuance } from './post-issuance.ts';
import type { RequestFacts } from './request-facts.ts';
import { nextQuestion } from './renewal-info/renewal-info.ts';
import { idle, type Situation } from './situation.ts';
import { conditionOf, renewalProblem } from './status.ts';

/** Nothing is to be issued: keep the Secret's metadata right, forget old requests, sleep until something is due. */
export function steady(found: Situation): Decision {
  const { facts, nowMs, renewal, policyInput } = found;
  const { certificate, secret } = facts;
  const question = nextCaQuestion(found);
  const recheckAt = earlier(nextLook(found), question === 'now' ? undefined : question);
  const look = {
    ...(recheckAt === undefined ? {} : { recheckAt }),
    ...(question === 'now' ? { askCa: true as const } : {}),
  };
  const told = [...renewalError(found), ...renewalInfoError(found)];
  if (secret !== undefined && firstViolation(usablePolicies, policyInput) === undefined) {
    const wrong = postIssuance(secret, certificate, facts.ownerRef);
    const until = facts.blockedUntil.repair;
    if (wrong !== undefined && (until === undefined || until <= nowMs)) {
      return { ...idle(found.status), action: { kind: 'repair-secret' }, ...wrong, ...look, again: true };
    }
    if (wrong !== undefined && until !== undefined) {
      const message = breakerMessage(
        wrong.message,
        certificate.spec.secretName,
        secret.foreignWriters,
        until,
      );
      return {
        ...idle(found.status),
        reason: 'Tripped',
        message,
        recheckAt: Math.min(until, recheckAt ?? until),
      };
    }
  }
  if (facts.canaries.length > 0) {
    const message = 'the rehearsal is over: what the canary issued is not needed any more';
    const action = { kind: 'delete-requests', requests: facts.canaries } as const;
    return { ...idle(found.status), action, reason: 'Pruning', message, ...look, again: true };
  }
  const old = surplusRequests(found);
  if (old.length > 0) {
    const message = `more finished CertificateRequests than spec.revisionHistoryLimit (${certificate.spec.revisionHistoryLimit ?? 1}): the oldest go`;
    return {
      ...idle(found.status),
      action: { kind: 'delete-requests', requests: old },
      reason: 'Pruning',
      message,
      ...look,
      again: true,
    };
  }
  const ready = conditionOf(found.status, 'Ready');
  return {
    ...idle(found.status),
    events: told,
    reason: ready?.status === 'True' ? 'UpToDate' : (ready?.reason ?? 'UpToDate'),
    message:
      renewal?.at === undefined
        ? 'nothing to do'
        : `nothing to do before ${new Date(renewal.at).toISOString()}`,
    ...look,
  };
}

/** Renewal, or else expiry, so that readiness tells the truth then. */
function nextLook(found: Situation): number | undefined {
  const { renewal, nowMs, policyInput } = found;
  if (renewal?.at !== undefined && renewal.at > nowMs) return renewal.at;
  const leaf = policyInput.secret?.certificate;
  if (leaf?.ok === true && leaf.value.notAfter >= nowMs) return leaf.value.notAfter + 1000;
  return undefined;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** When the CA is to be asked again; not while it is being asked, nor about a certificate that has ended. */
function nextCaQuestion({ facts, status, nowMs, policyInput }: Situation): number | 'now' | undefined {
  const info = facts.acme?.renewalInfo;
  const leaf = policyInput.secret?.certificate;
  if (info === undefined || info.asked || leaf?.ok !== true || nowMs >= leaf.value.notAfter) return undefined;
  const at = nextQuestion(status.acme?.ari, nowMs);
  return at <= nowMs ? 'now' : at;
}

/** Told when it begins: the status says it for as long as it lasts. */
function renewalInfoError({ facts, status }: Situation): Decision['events'] {
  const error = status.acme?.ari?.lastError;
  if (error === undefined || facts.certificate.status?.acme?.ari?.lastError !== undefined) return [];
  const decides =
    status.acme?.ari?.suggestedWindow === undefined
      ? 'spec.renewBefore or its default decides when to renew'
      : 'the window that it suggested before still counts';
  const message = `No renewal information from the CA, ${decides}: ${error}`;
  return [{ component: components.readiness, type: 'Warning', reason: 'ARIError', message }];
}

/** The warning goes out once: when the condition first says it. */
function renewalError(found: Situation): Decision['events'] {
  const { renewal, facts, status } = found;
  if (renewal?.error === undefined) return [];
  const message = renewalProblem(renewal.error);
  const old = conditionOf(facts.certificate.status, 'Ready');
  const now = conditionOf(status, 'Ready');
  if (now?.reason !== 'WindowError' || old?.message === message) return [];
  return [{ component: components.readiness, type: 'Warning', reason: 'WindowError', message }];
}

/** Requests beyond the history limit, oldest first (lifecycle §22); only while Ready is True. */
function surplusRequests(found: Situation): RequestFacts[] {
  const { facts, status } = found;
  if (conditionOf(status, 'Ready')?.status !== 'True') return [];
  const limit = Math.max(1, facts.certificate.spec.revisionHistoryLimit ?? 1);
  if (facts.requests.length <= limit) return [];
  const valid = facts.requests.filter((request) => request.revision !== undefined);
  return valid.toSorted((a, b) => a.revision! - b.revision!).slice(0, Math.max(0, valid.length - limit));
}
