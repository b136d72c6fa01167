/** The durable path: every step is stored before the next begins, so that a restart resumes and others can take part (lifecycle §10, §11, §17, §20). */
import { annotationKeys, components, ownGroup } from './constants.ts';
import type { CertificateEvent, Decision } from './decision.ts';
import { effectiveRef } from './issuer-match.ts';
import { nextKey } from './next-key.ts';
import { firstViolation, usablePolicies } from './policies.ts';
import { isIssued, terminalFailure, terminalTime, type RequestFacts } from './request-facts.ts';
import { fieldList, keyViolations, requestViolations } from './request-match.ts';
import type { PrivateKeyFacts, SecretFacts } from './secret-facts.ts';
import { fail, idle, type Cause, type Situation } from './situation.ts';
import { conditionOf, started } from './status.ts';
import { beginRequest, turnTo, withRecheck } from './decide-request.ts';
import { turnFrom } from './fallback/fallback.ts';
import { tellCause } from './waiting-cause.ts';

export function decideDurable(found: Situation, cause: Cause): Decision {
  if (cause.begins) return begin(found, cause);
  const keys = decideKey(found, cause);
  if ('action' in keys) return keys;
  return decideRequest(found, keys.secret, keys.key, cause);
}

/**
 * The key is stored first, and one status write says both: that the issuance has begun, and where its key is. A key that
 * nobody named before we were stopped is thrown away by the next decision.
 */
function begin(found: Situation, cause: Cause): Decision {
  const { facts, nowMs } = found;
  const { certificate } = facts;
  const key = nextKey(certificate.spec, facts.secret);
  const begun: Decision = {
    ...idle(started(certificate, found.status, cause, nowMs)),
    manager: components.trigger,
    reason: cause.reason,
    message: cause.message,
    events: cause.events,
    again: true,
  };
  if (key.source === 'blocked') return begun;
  // Whoever signs elsewhere may want to see the key that is stored for them; to others the beginning says all.
  const quiet = effectiveRef(certificate.spec.issuerRef).group === ownGroup;
  const action = { kind: 'store-key', key: key.source, name: undefined, quiet } as const;
  return { ...begun, action, events: key.event === undefined ? cause.events : [...cause.events, key.event] };
}

/** Brings it to exactly one usable next-private-key Secret whose name is in the status. */
function decideKey(found: Situation, cause: Cause): Decision | { secret: SecretFacts; key: PrivateKeyFacts } {
  const { facts } = found;
  const { spec } = facts.certificate;
  const named = found.status.nextPrivateKeySecretName;
  const step = (
    action: Decision['action'],
    message: string,
    events: readonly CertificateEvent[] = [],
  ): Decision => ({
    ...idle(found.status),
    manager: components.keyManager,
    action,
    reason: 'NextPrivateKey',
    message,
    events,
    again: true,
  });
  const [first, ...more] = facts.nextKeys;
  if (first === undefined) {
    const key = nextKey(spec, facts.secret);
    if (key.source === 'blocked') {
      return {
        ...idle(found.status),
        reason: 'CannotRegenerateKey',
        message: key.event.message,
        events: [key.event],
      };
    }
    const events = key.event === undefined ? cause.events : [...cause.events, key.event];
    return step(
      { kind: 'store-key', key: key.source, name: named, quiet: false },
      'the next private key is stored first',
      events,
    );
  }
  if (more.length > 0) {
    const keep = facts.nextKeys.some((secret) => secret.name === named) ? named : first.name;
    const names = facts.nextKeys.filter((secret) => secret.name !== keep).map((secret) => secret.name);
    return step({ kind: 'delete-keys', names }, `only one next private key is kept: "${keep}"`);
  }
  const drop = (why: string, events: readonly CertificateEvent[] = []): Decision =>
    step({ kind: 'delete-keys', names: [first.name] }, why, events);
  if (first.privateKey?.ok !== true) {
    return drop(
      `Secret "${first.name}" holds no usable private key: ${first.privateKey?.error ?? 'tls.key is missing'}`,
    );
  }
  const fields = keyViolations(spec, first.privateKey.value);
  if (fields.length > 0) {
    const message = `The next private key, in Secret "${first.name}", is not what the Certificate asks for now and is made anew: ${fieldList(fields)}`;
    return drop(message, [{ component: components.keyManager, type: 'Normal', reason: 'Deleted', message }]);
  }
  if (named !== first.name) {
    const status = { ...found.status, nextPrivateKeySecretName: first.name };
    return { ...step({ kind: 'none' }, `Secret "${first.name}" holds the next private key`), status };
  }
  return { secret: first, key: first.privateKey.value };
}

function decideRequest(
  found: Situation,
  keySecret: SecretFacts,
  key: PrivateKeyFacts,
  cause: Cause,
): Decision {
  const { facts, next, nowMs, revision } = found;
  const wait = (reason: string, message: string): Decision => ({ ...idle(found.status), reason, message });
  const stale = [
    ...facts.requests.filter((request) => request.revision === undefined),
    ...next.filter((request) => isStale(found, request, key)),
  ];
  if (stale.length > 0) {
    const message =
      'CertificateRequests of an earlier attempt, or that do not fit the spec any more, are removed';
    return {
      ...wait('StaleRequests', message),
      action: { kind: 'delete-requests', requests: stale },
      again: true,
    };
  }
  const [request, ...more] = next;
  if (request === undefined) return beginRequest(found, keySecret.name, cause);
  if (more.length > 0) {
    return wait(
      'DuplicateRequests',
      `${next.length} CertificateRequests exist for revision ${revision}; issuance goes on when only one is left`,
    );
  }
  const ended = terminalFailure(request);
  const turn = turnFrom(facts, request, nowMs);
  if (typeof turn === 'object') return turnTo(found, request, turn);
  if (ended !== undefined) return fail(found, ended, request);
  if (isIssued(request)) return receive(found, request, keySecret, cause);
  const wanted = facts.certificate.metadata?.annotations?.[annotationKeys.temporaryCertificate] === 'true';
  if (
    wanted &&
    request.ready?.reason === 'Pending' &&
    firstViolation(usablePolicies, found.policyInput) !== undefined
  ) {
    const message = `Temporary certificate stored in Secret "${facts.certificate.spec.secretName}"; it stays until the issuer answers CertificateRequest "${request.name}"`;
    return {
      ...wait('Temporary', message),
      action: { kind: 'write-temporary', keySecret: keySecret.name },
      events: [{ component: components.issuing, type: 'Normal', reason: 'Issuing', message }],
      again: true,
    };
  }
  const state = request.ready?.message ?? unanswered(request);
  const message = `CertificateRequest "${request.name}" is not ready: ${state}`;
  return withRecheck({ ...wait('Waiting', message), ...tellCause(found, message) }, turn);
}

function unanswered({ name, issuerRef }: RequestFacts): string {
  const { group, kind, name: issuer } = effectiveRef(issuerRef);
  const signer =
    group === ownGroup
      ? 'nobody has answered yet'
      : `nobody has answered yet; see whether ${kind} "${issuer}" of group ${group} exists and its controller runs`;
  return `${signer} (kubectl describe certificaterequest ${name} shows its events)`;
}

/**
 * Lifecycle §11, rules 3 and 4. Unlike the peer, a Denied or InvalidRequest request of an earlier attempt counts as
 * left over too: with rotationPolicy Never it would otherwise fail every later attempt at once.
 */
function isStale(found: Situation, request: RequestFacts, key: PrivateKeyFacts): boolean {
  const { certificate, attempt, chain } = found.facts;
  // Counted as a failure, and now there is a new attempt. With a kept key this is all that tells an answer that was
  // refused from one that is still to be looked at.
  if (request.uid === attempt.booked) return true;
  if (!request.csr.ok || request.csr.value.publicKeyHash !== key.publicKeyHash) return true;
  if (requestViolations(certificate.spec, request, chain.issuers).length > 0) return true;
  if (terminalFailure(request) === undefined || request.uid === attempt.made) return false;
  const since = conditionOf(certificate.status, 'Issuing')?.lastTransitionTime;
  return since !== undefined && terminalTime(request) > 0 && terminalTime(request) < Date.parse(since);
}

/** Checks what the issuer answered before it is let into the Secret (lifecycle §17). */
function receive(found: Situation, request: RequestFacts, keySecret: SecretFacts, cause: Cause): Decision {
  const refuse = (message: string): Decision =>
    fail(found, { reason: 'InvalidCertificate', message }, request);
  const answer = request.answer;
  if (answer === undefined)
    return refuse(
      `CertificateRequest "${request.name}" is Issued, but its issuer left status.certificate empty`,
    );
  if (!answer.ok)
    return refuse(
      `The issuer's answer in CertificateRequest "${request.name}" cannot be read: ${answer.error}`,
    );
  if (request.csr.ok && answer.value.publicKeyHash !== request.csr.value.publicKeyHash) {
    return refuse(
      `The issuer's certificate in CertificateRequest "${request.name}" is for another public key than was asked for: look at the issuer's configuration`,
    );
  }
  if (answer.value.notAfter < found.nowMs) {
    const expired = new Date(answer.value.notAfter).toISOString().replace('.000Z', 'Z');
    return refuse(
      `The issuer's certificate in CertificateRequest "${request.name}" expired already, on ${expired}: see whether the issuer's own CA certificate has expired`,
    );
  }
  return {
    ...idle(found.status),
    action: { kind: 'write-secret', request, keySecret: keySecret.name, repeated: cause.repeated },
    manager: components.issuing,
    reason: 'Received',
    message: `the certificate of CertificateRequest "${request.name}" goes into Secret "${found.facts.certificate.spec.secretName}"`,
    again: true,
  };
}
