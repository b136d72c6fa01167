/** What to do about one Certificate: pure, over everything known about it. The map of the whole lifecycle (lifecycle §5-§11, §17-§22). */
import { backoffRemaining, type BackoffRelief } from './backoff.ts';
import { breakerMessage } from './breaker.ts';
import { components } from './constants.ts';
import { decideDurable } from './decide-durable.ts';
import { decideFast } from './decide-fast.ts';
import type { Decision } from './decision.ts';
import type { Facts } from './facts.ts';
import { problemClass } from './fallback/problem-class.ts';
import { nonOwnerRecheckMs, secretOwner } from './ownership.ts';
import { firstViolation, triggerPolicies, type Violation } from './policies.ts';
import { isIssued, terminalFailure, terminalTime, type RequestFacts } from './request-facts.ts';
import { requestViolations } from './request-match.ts';
import { causeOf, fail, idle, situation, type Cause, type Situation } from './situation.ts';
import { steady } from './steady.ts';
import { completed, conditionOf, isIssuing, withCondition } from './status.ts';

/** Reasons that mean "the Secret is not what we wrote": doing it again and again is what the breaker is for. */
const undone: ReadonlySet<string> = new Set([
  'DoesNotExist',
  'MissingData',
  'InvalidKeyPair',
  'InvalidCertificate',
  'IncorrectIssuer',
  'IncorrectCertificate',
  'SecretMismatch',
]);

export function decide(facts: Facts, nowMs: number): Decision {
  const { certificate } = facts;
  const before = certificate.status ?? {};
  if (certificate.metadata?.deletionTimestamp !== undefined) {
    return { ...idle(before), reason: 'BeingDeleted', message: 'the Certificate is being deleted' };
  }
  const found = situation(facts, nowMs, before.revision);
  if (!ownsSecret(facts)) return notOwner(found);

  const held = heldRequest(facts);
  if (held !== undefined) return finish(facts, held, nowMs);
  if (isIssuing(before)) return issue(found, underWay(found));
  if (facts.nextKeys.length > 0 || before.nextPrivateKeySecretName !== undefined) return cleanUpKeys(found);

  const failure = unrecordedFailure(found);
  if (failure !== undefined) return fail(found, terminalFailure(failure)!, failure);
  const violation = firstViolation(triggerPolicies, found.policyInput);
  if (violation === undefined) return steady(found);
  const paused = backOff(found) ?? trip(found, violation);
  return paused ?? issue(found, causeOf(violation, found, isRepetition(found, violation.reason)));
}

function ownsSecret(facts: Facts): boolean {
  if (facts.claimants.length < 2) return true;
  return secretOwner(facts.claimants, facts.secret?.annotations) === facts.certificate.metadata?.name;
}

function notOwner(found: Situation): Decision {
  const { facts, nowMs } = found;
  const owner = secretOwner(facts.claimants, facts.secret?.annotations);
  const message = `Secret "${facts.certificate.spec.secretName}" belongs to Certificate "${owner}", which names it too; give one of them another spec.secretName`;
  const ready = { type: 'Ready', status: 'False', reason: 'IncorrectCertificate', message } as const;
  return {
    ...idle(withCondition(facts.certificate, found.status, ready, nowMs)),
    reason: 'NotOwner',
    message,
    recheckAt: nowMs + nonOwnerRecheckMs,
  };
}

/** The newest request, later than the recorded revision, whose answer is what the Secret holds: its issuance only lacks the last write. */
function heldRequest(facts: Facts): RequestFacts | undefined {
  const { secret, certificate } = facts;
  if (secret?.privateKey?.ok !== true || secret.certificate?.ok !== true) return undefined;
  const key = secret.privateKey.value.publicKeyHash;
  if (secret.certificate.value.publicKeyHash !== key) return undefined;
  let held: RequestFacts | undefined;
  for (const request of facts.requests) {
    if (request.revision === undefined || request.revision <= (certificate.status?.revision ?? 0)) continue;
    if (
      !isIssued(request) ||
      request.answer?.ok !== true ||
      request.answer.value.chainHash !== secret.chainHash
    )
      continue;
    if (request.answer.value.publicKeyHash !== key) continue;
    if (held === undefined || request.revision > held.revision!) held = request;
  }
  return held;
}

function finish(facts: Facts, request: RequestFacts, nowMs: number): Decision {
  const revision = request.revision!;
  const done = completed(facts.certificate.status ?? {}, revision);
  const finished = situation(
    { ...facts, certificate: { ...facts.certificate, status: done } },
    nowMs,
    revision,
  );
  const message = `Certificate of revision ${revision} issued and stored in Secret "${facts.certificate.spec.secretName}"`;
  return {
    action: { kind: 'none' },
    status: finished.status,
    manager: components.issuing,
    reason: 'Issued',
    message,
    events: [{ component: components.issuing, type: 'Normal', reason: 'Issuing', message }],
    again: true,
  };
}

function issue(found: Situation, cause: Cause): Decision {
  const { facts, nowMs } = found;
  // A stored key means that the durable path was taken: it is followed to its end.
  if (facts.nextKeys.length > 0 || facts.route.kind === 'durable') return decideDurable(found, cause);
  if (facts.route.kind === 'fast') return decideFast(found, cause);
  const recheckAt = Math.max(facts.route.untilMs, nowMs);
  return { ...idle(found.status), reason: 'Waiting', message: facts.route.why, recheckAt };
}

/** What the Issuing condition says, which we or an external tool have written. */
function underWay(found: Situation): Cause {
  const condition = conditionOf(found.facts.certificate.status, 'Issuing');
  const message = condition?.message ?? 'Issuing certificate';
  // Whoever set the condition told nobody; it goes out with the first step (lifecycle §6).
  const byHand = condition?.reason === 'ManuallyTriggered';
  return {
    reason: condition?.reason ?? 'Issuing',
    message,
    begins: false,
    repeated: isRepetition(found, condition?.reason ?? ''),
    events: byHand
      ? [
          {
            component: components.trigger,
            type: 'Normal',
            reason: 'Issuing',
            message: `Renewal asked for: ${message}`,
          },
        ]
      : [],
  };
}

function isRepetition(found: Situation, reason: string): boolean {
  return found.facts.certificate.status?.revision !== undefined && undone.has(reason);
}

function backOff(found: Situation): Decision | undefined {
  const { facts, nowMs, next } = found;
  const { status, spec } = facts.certificate;
  // The user has corrected the spec since the request failed: no reason to wait (lifecycle §8).
  const corrected = next.some(
    (request) => !request.csr.ok || requestViolations(spec, request, facts.chain.issuers).length > 0,
  );
  if (corrected || status?.lastFailureTime === undefined) return undefined;
  const remaining = backoffRemaining({
    lastFailureMs: Date.parse(status.lastFailureTime),
    attempts: status.failedIssuanceAttempts,
    minMs: facts.minBackoffMs,
    maxMs: facts.maxBackoffMs,
    nowMs,
    relief: reliefOf(found),
  });
  if (remaining <= 0) return undefined;
  const recheckAt = nowMs + remaining;
  const message = `the last attempt failed at ${status.lastFailureTime}; the next one is due at ${new Date(recheckAt).toISOString()}`;
  return { ...idle(found.status), reason: 'BackingOff', message, recheckAt };
}

function reliefOf({ facts, next }: Situation): BackoffRelief {
  const leaf = facts.secret?.certificate;
  const [first] = facts.candidates;
  const faults = next.map(({ uid }) => problemClass(facts.holds?.get(uid)?.problem));
  return {
    ...(leaf?.ok === true ? { life: leaf.value } : {}),
    ...(faults.some((fault) => fault === 'ca' || fault === 'rate') ? { caAtFault: true } : {}),
    ...(first?.readiness === 'ready' && first.sinceMs !== undefined ? { readySinceMs: first.sinceMs } : {}),
  };
}

function trip(found: Situation, violation: Violation): Decision | undefined {
  const { facts, nowMs } = found;
  const { secretName } = facts.certificate.spec;
  const stop = (reason: string, message: string, recheckAt?: number): Decision => {
    const ready = { type: 'Ready', status: 'False', reason: violation.reason, message } as const;
    // A certificate that is only due stays Ready until it expires.
    const due = violation.reason === 'Renewing' || violation.reason === 'WindowError';
    const status = due ? found.status : withCondition(facts.certificate, found.status, ready, nowMs);
    return { ...idle(status), reason, message, ...(recheckAt === undefined ? {} : { recheckAt }) };
  };
  if (facts.secret?.immutable === true) {
    return stop(
      'Immutable',
      `${violation.message}; Secret "${secretName}" is immutable: delete it, or give this Certificate another spec.secretName`,
    );
  }
  const { issue: until, brokeOff } = facts.blockedUntil;
  if (until === undefined || until <= nowMs) return undefined;
  if (brokeOff === undefined && !isRepetition(found, violation.reason)) return undefined;
  const writers = facts.secret?.foreignWriters ?? [];
  return stop('Tripped', breakerMessage(violation.message, secretName, writers, until, brokeOff), until);
}

/** A request of the next revision that ended badly and that no attempt has been booked for: we were stopped in between. */
function unrecordedFailure(found: Situation): RequestFacts | undefined {
  const { certificate, attempt } = found.facts;
  const booked = certificate.status?.lastFailureTime;
  const bookedMs = booked === undefined ? -1 : Date.parse(booked);
  return found.next.find(
    (request) =>
      terminalFailure(request) !== undefined &&
      request.uid !== attempt.booked &&
      terminalTime(request) > bookedMs &&
      requestViolations(certificate.spec, request, found.facts.chain.issuers).length === 0,
  );
}

function cleanUpKeys(found: Situation): Decision {
  const status = { ...found.status };
  delete status.nextPrivateKeySecretName;
  const names = found.facts.nextKeys.map((secret) => secret.name);
  return {
    action: { kind: 'delete-keys', names },
    status,
    manager: components.keyManager,
    reason: 'CleaningUp',
    message: 'no issuance is under way, so the stored next private key is removed',
    events: [],
    again: true,
  };
}
