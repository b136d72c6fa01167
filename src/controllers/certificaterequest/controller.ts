/**
 * Approves and signs CertificateRequests: the only writer of their status, apart from the certificate controller's
 * fast path, whose requests are claimed and left alone (spec/certificate-lifecycle.md §12).
 */
import { controllingOwner } from '../../api/controlling-owner.ts';
import * as annotations from '../../api/annotations.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { controllerOf, type ControllerName } from '../../api/components.ts';
import { certificateRequests } from '../../api/resources.ts';
import { issuerContext, type IssuerContextSource } from '../../issuers/context.ts';
import type { AnyIssuer, SignOutcome } from '../../issuers/issuer.ts';
import { cacheKey, type Change } from '../../kube/cache.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import { createQueue, itemBackoff } from '../../kube/queue.ts';
import { runWorkers, stoppedBy } from '../../kube/worker.ts';
import type { ControllerContext, RunningController } from '../context.ts';
import { issuerIndexKey, signsFor } from '../context.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { checkAnswer } from './check-answer.ts';
import { decide, issuerReference, type RequestDecision } from './decide.ts';
import {
  approverComponent,
  readyReason,
  requestStatus,
  signerComponent,
  type RequestEvent,
  type StatusChange,
} from './status.ts';
import { owningCertificate, RefusedApprovals } from './refused-approvals.ts';
import { waitLevel } from './wait-level.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Annotation that names the Secret with the subscriber's key (SelfSigned issuer, lifecycle §14). */

/** Told to the user, and to be tried again: makes the queue back off. Not a fault of ours. */
class SignerNotReadyError extends Error {
  readonly code = 'certificaterequest/signer-not-ready';
  readonly retryable = true;
}

export function startCertificateRequestController(
  context: ControllerContext,
  signal: AbortSignal,
): RunningController {
  const { informers, log } = context;
  const observer = context.observer.work('certificaterequests');
  const queue = createQueue({ clock: context.clock, backoff: itemBackoff, observer });
  const waiting = new WaitingRoom();
  const refused = new RefusedApprovals();
  /** The cache is being told of a write of ours; it tells us in turn, synchronously. */
  let observing = false;
  const types = context.issuerTypes;
  const signers = new Set(
    types.all.map((type) => type.component).filter((component) => signsFor(context.options, component)),
  );
  const source = issuerContextSource(context);

  informers.certificateRequests.onChange(({ key, current, relisted }) => {
    if (current === undefined) {
      waiting.leave(key);
      refused.forget(key);
    }
    // What we just wrote was decided over everything known: a second look would ask the signer the same again.
    else if (!observing) queue.add(key, { relisted });
  });
  // A claim is on a name: a request of somebody else's that has it was left alone meanwhile, too. The claimed one itself
  // stays with the certificate controller, which knows whether its key still exists.
  context.claims.onRelease((namespace, name, uid) => {
    const key = cacheKey(namespace, name);
    const request = informers.certificateRequests.get(key);
    if (request !== undefined && request.metadata?.uid !== uid) queue.add(key);
  });
  const wakeDependants = ({ current, previous, relisted }: Change<AnyIssuer>, kind: string): void => {
    const issuer = current ?? previous;
    const name = issuer?.metadata?.name;
    if (name === undefined) return;
    const index = issuerIndexKey(issuer?.metadata?.namespace ?? '', { name, kind });
    for (const request of informers.certificateRequests.byIndex('issuer', index)) {
      const ready = readyReason(request);
      if (ready !== 'Issued' && ready !== 'Failed') queue.add(keyOf(request), { relisted });
    }
  };
  informers.issuers.onChange((change) => wakeDependants(change, 'Issuer'));
  informers.clusterIssuers.onChange((change) => wakeDependants(change, 'ClusterIssuer'));
  const wakeWaiting = ({ key }: Change<SecretFacts>): void => {
    for (const request of waiting.waitingFor(key)) queue.add(request);
  };
  informers.secrets.onChange(wakeWaiting);
  informers.otherSecrets.onChange(wakeWaiting);
  informers.orders.onChange(({ current, previous, relisted }) => {
    const { namespace, ownerReferences } = (current ?? previous)?.metadata ?? {};
    const owner = controllingOwner({ ownerReferences });
    if (owner?.kind === 'CertificateRequest') queue.add(cacheKey(namespace, owner.name), { relisted });
  });

  const findIssuer = (request: CertificateRequest): AnyIssuer | undefined => {
    const { kind, name } = issuerReference(request);
    if (kind === 'Issuer') return informers.issuers.get(cacheKey(request.metadata?.namespace, name));
    return kind === 'ClusterIssuer' ? informers.clusterIssuers.get(name) : undefined;
  };

  const tell = (request: CertificateRequest, { component, type, reason, message }: RequestEvent): void => {
    context.events.event(referenceTo(certificateRequests, request), component, type, reason, message);
  };

  /** Answers the request as it is then. */
  const store = async (
    request: CertificateRequest,
    change: StatusChange,
    manager: string,
  ): Promise<CertificateRequest> => {
    const { namespace, name, resourceVersion, uid } = request.metadata ?? {};
    let now = request;
    if (change.changed && name !== undefined) {
      // A merge patch with the resourceVersion is an optimistic lock without sending the request back.
      const written = await context.client.patch<CertificateRequest>(
        certificateRequests,
        { namespace, name },
        'merge',
        { metadata: { resourceVersion, uid }, status: change.status },
        { fieldManager: manager, subresource: 'status' },
      );
      if ((written.status?.certificate ?? '') !== '') context.answers.keep(written);
      now = written;
      observing = true;
      try {
        informers.certificateRequests.observe(written);
      } finally {
        observing = false;
      }
    }
    for (const event of change.events) tell(request, event);
    return now;
  };

  const reconcile = async (key: string): Promise<void> => {
    const request = informers.certificateRequests.get(key);
    if (request === undefined) return;
    const issuer = findIssuer(request);
    const decision = decide({
      request,
      issuer,
      resolved: issuer === undefined ? undefined : types.resolve(issuer),
      approver: context.options.approve,
      signers,
      claimed: context.claims.isClaimed(request.metadata?.namespace ?? '', request.metadata?.name ?? ''),
      namespace: context.options.namespace,
    });
    log.debug({ certificateRequest: key, decision: decision.do }, decision.why);
    try {
      await carryOut(key, request, decision);
      context.observer.step(controllerFor(decision), decision.do, false);
    } catch (error) {
      const isFault = !(error instanceof ConflictError) && !(error instanceof NotFoundError);
      context.observer.step(controllerFor(decision), decision.do, isFault);
      throw error;
    }
  };

  const carryOut = async (
    key: string,
    request: CertificateRequest,
    decision: RequestDecision,
  ): Promise<void> => {
    const now = new Date(context.clock.now());
    switch (decision.do) {
      case 'nothing':
        waiting.leave(key);
        return;
      case 'approve':
        await store(
          request,
          requestStatus(request, undefined, { now, component: '', approve: true }),
          approverComponent,
        );
        log.info({ certificateRequest: key }, `approved: ${decision.why}`);
        return;
      case 'close-denied':
        await store(
          request,
          requestStatus(request, 'denied', { now, component: '', approve: false }),
          approverComponent,
        );
        log.info({ certificateRequest: key }, 'closed: an approver denied it');
        return;
      case 'wait-for-approval':
        tell(request, {
          component: signerComponent(decision.component),
          type: 'Normal',
          reason: 'WaitingForApproval',
          message: 'Not signed before an approver has set the Approved condition',
        });
        return;
      case 'pending': {
        const outcome: SignOutcome = {
          kind: 'pending',
          reason: decision.reason,
          message: decision.message,
          retry: false,
        };
        const { approve, component } = decision;
        const change = requestStatus(request, outcome, { now, component, approve });
        await store(request, change, signerComponent(component));
        // Our own write brings the request back once more, and so does each change of its issuer.
        const level = change.changed ? 'info' : 'debug';
        log[level]({ certificateRequest: key, reason: decision.reason }, `waiting: ${decision.message}`);
        return;
      }
      case 'sign': {
        const { type, approve } = decision;
        const issuing = issuerContext(source, decision.issuer);
        let asked = request;
        if (approve && !type.inProcess)
          issuing.approve = async (message) => {
            const wait: SignOutcome = { kind: 'pending', reason: '', message, retry: false };
            const options = { now, component: type.component, approve: true };
            const { status, changed } = requestStatus(asked, wait, options);
            // The event follows when it was asked for, and tells of both.
            asked = await store(asked, { status, changed, events: [] }, signerComponent(type.component));
          };
        // Before the Secrets are read: one that comes between the reading and the waiting would wake nobody.
        waiting.enter(key, secretsBehind(request, decision.issuer, type, source.clusterResourceNamespace));
        const outcome = checkAnswer(type, await type.sign(issuing, request));
        const gone = informers.certificateRequests.get(key) === undefined;
        if (gone || outcome.kind !== 'pending') waiting.leave(key);
        if (gone) {
          log.debug({ certificateRequest: key }, 'was deleted while it was being signed');
          return;
        }
        const { component } = type;
        const change = requestStatus(asked, outcome, { now, component, approve });
        if (asked !== request && outcome.kind === 'pending')
          change.events.push({
            component: signerComponent(component),
            type: 'Normal',
            reason: outcome.reason,
            message: outcome.message,
          });
        await store(asked, change, signerComponent(component));
        if (outcome.kind === 'issued') {
          log.info({ certificateRequest: key, issuer: decision.issuer.metadata?.name }, decision.why);
          for (const { reason, message } of outcome.warnings ?? [])
            log.warn({ certificateRequest: key, reason }, `issued, but ${message}`);
          return;
        }
        log[waitLevel(request, outcome)](
          { certificateRequest: key, reason: outcome.reason },
          `${outcome.kind}: ${outcome.message}`,
        );
        if (outcome.kind === 'pending' && outcome.retry) throw new SignerNotReadyError(outcome.message);
      }
    }
  };

  const tellRefusal = (request: CertificateRequest, key: string, error: unknown): void => {
    const refusal = refused.look(key, request, error);
    if (refusal === undefined) return;
    if (refusal.news) {
      const { message } = refusal;
      log.warn({ certificateRequest: key }, message);
      tell(request, { component: approverComponent, type: 'Warning', reason: 'IssuerNotFound', message });
      const owner = owningCertificate(request);
      const namespace = request.metadata?.namespace;
      if (owner !== undefined) {
        const { apiVersion, kind, name, uid } = owner;
        const reference = { apiVersion, kind, name, uid, namespace };
        context.events.event(reference, approverComponent, 'Warning', 'IssuerNotFound', message);
      }
    }
    throw new SignerNotReadyError(refusal.message);
  };

  /** Deleted between our look at it and our write: there is nothing left to do, and nothing went wrong. */
  const unlessGone = async (key: string): Promise<void> => {
    try {
      await reconcile(key);
      refused.forget(key);
    } catch (error) {
      const request = informers.certificateRequests.get(key);
      if (request !== undefined) tellRefusal(request, key, error);
      if (!(error instanceof NotFoundError)) throw error;
      waiting.leave(key);
      log.debug({ certificateRequest: key, err: error }, 'was deleted meanwhile');
    }
  };

  const workers = runWorkers(queue, unlessGone, {
    clock: context.clock,
    workers: context.options.concurrency,
    // Else an issuer that is there would be called missing: in the status, for everybody to read.
    ready: context.synced,
    observer,
    onResult: ({ key, outcome, error, nextMs }) => {
      if (outcome === 'done' || error instanceof SignerNotReadyError) return;
      const level = outcome === 'conflict' ? 'debug' : 'error';
      log[level](
        { certificateRequest: key, err: error, retryInMs: nextMs },
        'CertificateRequest could not be brought forward',
      );
    },
  });
  const stopped = stoppedBy(signal, workers);
  return { stopped };
}

/** In whose part of the work a decision falls: the approver's or a signer's. */
function controllerFor(decision: RequestDecision): ControllerName {
  const component =
    decision.do === 'sign'
      ? decision.type.component
      : 'component' in decision
        ? decision.component
        : undefined;
  const signer = component === undefined ? undefined : controllerOf(signerComponent(component));
  return signer ?? 'certificaterequests-approver';
}

/** What issuer types are given, from the shared context: the watches tell which version of a Secret is current. */
export function issuerContextSource(context: ControllerContext): IssuerContextSource {
  const { secrets, otherSecrets } = context.informers;
  return {
    client: context.client,
    clusterResourceNamespace: context.options.clusterResourceNamespace,
    now: () => new Date(context.clock.now()),
    secretVersion: (namespace, name) => {
      const key = cacheKey(namespace, name);
      return (secrets.get(key) ?? otherSecrets.get(key))?.resourceVersion;
    },
    acme: context.acme,
  };
}

function keyOf(request: CertificateRequest): string {
  return cacheKey(request.metadata?.namespace, request.metadata?.name ?? '');
}

function secretsBehind(
  request: CertificateRequest,
  issuer: AnyIssuer,
  type: { referencedSecrets(issuer: AnyIssuer): readonly string[] },
  clusterResourceNamespace: string,
): string[] {
  const own = request.metadata?.annotations?.[annotations.privateKeySecretName];
  const resourceNamespace = issuer.metadata?.namespace ?? clusterResourceNamespace;
  const keys = type.referencedSecrets(issuer).map((name) => cacheKey(resourceNamespace, name));
  if (own !== undefined && own !== '') keys.push(cacheKey(request.metadata?.namespace, own));
  return keys;
}
