/** Signs Kubernetes CertificateSigningRequests whose signer is one of our issuers, once somebody else has approved them. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { CertificateSigningRequest } from '../../api/certificate-signing-request.ts';
import { controllers, type ControllerName } from '../../api/components.ts';
import { certificateSigningRequests as resource } from '../../api/resources.ts';
import { issuerContext } from '../../issuers/context.ts';
import type { AnyIssuer, IssuerType } from '../../issuers/issuer.ts';
import { cacheKey, type Change } from '../../kube/cache.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import { createQueue, itemBackoff } from '../../kube/queue.ts';
import { runWorkers, stoppedBy } from '../../kube/worker.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { checkAnswer } from '../certificaterequest/check-answer.ts';
import { issuerContextSource } from '../certificaterequest/controller.ts';
import { WaitingRoom } from '../certificaterequest/waiting-room.ts';
import { issuerIndexKey, type ControllerContext } from '../context.ts';
import type { ControllerModule, RunningModule } from '../module.ts';
import { mayReference } from './ask-reference.ts';
import { decide, type SigningDecision } from './decide.ts';
import { trimSigningRequest, waitingOn, type SigningFacts } from './signing-facts.ts';
import { signerReference } from './signer-name.ts';
import {
  controllerName,
  failedStatus,
  issuedStatus,
  issuedText,
  keySecretOf,
  outcomeOf,
  signingComponent,
  signingRequest,
} from './status.ts';

/** Told to the user, and to be tried again: makes the queue back off. Not a fault of ours. */
class SignerNotReadyError extends Error {
  readonly code = 'certificatesigningrequest/signer-not-ready';
  readonly retryable = true;
}

const names = controllers.filter((name) => name.startsWith('certificatesigningrequests-issuer-'));

/** Signs for the issuer types whose names are enabled, and leaves requests of the others alone. */
export function certificateSigningRequestModule(enabled: ReadonlySet<ControllerName>): ControllerModule {
  return { names, start: (context, signal) => start(context, signal, enabled) };
}

function start(
  context: ControllerContext,
  signal: AbortSignal,
  enabled: ReadonlySet<ControllerName>,
): RunningModule {
  // Requests are cluster-scoped: whoever serves one namespace is given no right to read them (operations §3).
  if (context.options.namespace !== undefined) return { informers: [], stopped: Promise.resolve() };
  const { informers, log } = context;
  const types = context.issuerTypes;
  const observer = context.observer.work('certificatesigningrequests');
  const queue = createQueue({ clock: context.clock, backoff: itemBackoff, observer });
  const waiting = new WaitingRoom();
  const source = issuerContextSource(context);
  const signers: ReadonlySet<string> = new Set(
    [...enabled].flatMap((name) => (names.includes(name) ? [name.slice(name.lastIndexOf('-') + 1)] : [])),
  );
  const requests = context.watch<SigningFacts>(resource, {
    trim: trimSigningRequest,
    indexes: { issuer: waitingOn },
  });

  requests.onChange(({ key, current, relisted }) => {
    if (current === undefined) waiting.leave(key);
    else if (signerReference(current.spec.signerName) !== undefined) queue.add(key, { relisted });
  });
  const wakeDependants = ({ current, previous, relisted }: Change<AnyIssuer>, kind: string): void => {
    const { namespace = '', name } = (current ?? previous)?.metadata ?? {};
    if (name === undefined) return;
    for (const request of requests.byIndex('issuer', issuerIndexKey(namespace, { name, kind })))
      queue.add(request.metadata?.name ?? '', { relisted });
  };
  informers.issuers.onChange((change) => wakeDependants(change, 'Issuer'));
  informers.clusterIssuers.onChange((change) => wakeDependants(change, 'ClusterIssuer'));
  const wakeWaiting = ({ key }: Change<SecretFacts>): void => {
    for (const request of waiting.waitingFor(key)) queue.add(request);
  };
  informers.secrets.onChange(wakeWaiting);
  informers.otherSecrets.onChange(wakeWaiting);
  informers.orders.onChange(({ current, previous, relisted }) => {
    const owner = controllingOwner((current ?? previous)?.metadata);
    if (owner?.kind === 'CertificateSigningRequest') queue.add(owner.name, { relisted });
  });

  const findIssuer = (request: SigningFacts): AnyIssuer | undefined => {
    const signer = signerReference(request.spec.signerName);
    if (signer === undefined) return undefined;
    return signer.kind === 'Issuer'
      ? informers.issuers.get(cacheKey(signer.namespace, signer.name))
      : informers.clusterIssuers.get(signer.name);
  };
  const tell = (
    request: SigningFacts,
    suffix: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void =>
    context.events.event(referenceTo(resource, request), signingComponent(suffix), type, reason, message);

  /** The resourceVersion makes it an optimistic lock: whoever decided over an older state gets a conflict and decides again. */
  const store = async (
    { metadata }: SigningFacts,
    suffix: string,
    status: CertificateSigningRequest['status'],
  ): Promise<void> => {
    const { name = '', resourceVersion, uid } = metadata ?? {};
    const written = await context.client.patch<CertificateSigningRequest>(
      resource,
      { name },
      'merge',
      { metadata: { resourceVersion, uid }, status },
      { fieldManager: signingComponent(suffix), subresource: 'status' },
    );
    requests.observe(written);
  };
  const fail = async (
    request: SigningFacts,
    suffix: string,
    reason: string,
    message: string,
  ): Promise<void> => {
    const now = new Date(context.clock.now());
    await store(request, suffix, failedStatus(request.status?.conditions ?? [], reason, message, now));
    tell(request, suffix, 'Warning', reason, message);
    log.warn({ certificateSigningRequest: request.metadata?.name, reason }, `failed: ${message}`);
  };

  const sign = async (
    request: SigningFacts,
    decision: Extract<SigningDecision, { do: 'sign' }>,
  ): Promise<void> => {
    const { type, issuer } = decision;
    const key = request.metadata?.name ?? '';
    const from = issuerContext(source, issuer);
    // Before the Secrets are read: one that comes between the reading and the waiting would wake nobody.
    waiting.enter(key, secretsBehind(request, issuer, type, from.resourceNamespace));
    const ask = signingRequest(request, from.resourceNamespace, decision);
    const outcome = outcomeOf(checkAnswer(type, await type.sign(from, ask)));
    if (outcome.kind !== 'pending' || requests.get(key) === undefined) waiting.leave(key);
    if (outcome.kind === 'failed') return fail(request, type.component, outcome.reason, outcome.message);
    if (outcome.kind === 'pending') {
      // An order that takes its time is no trouble.
      const level = outcome.retry || type.inProcess ? 'Warning' : 'Normal';
      tell(request, type.component, level, outcome.reason, outcome.message);
      log.warn({ certificateSigningRequest: key, reason: outcome.reason }, `waits: ${outcome.message}`);
      if (outcome.retry) throw new SignerNotReadyError(outcome.message);
      return;
    }
    await store(request, type.component, issuedStatus(outcome.certificate));
    for (const warning of outcome.warnings ?? [])
      tell(request, type.component, warning.type, warning.reason, warning.message);
    tell(request, type.component, 'Normal', 'CertificateIssued', issuedText(type.component));
    log.info({ certificateSigningRequest: key }, decision.why);
  };

  const reconcile = async (key: string): Promise<void> => {
    const request = requests.get(key);
    if (request === undefined) return;
    const issuer = findIssuer(request);
    const resolved = issuer === undefined ? undefined : types.resolve(issuer);
    const input = { request, issuer, resolved, signers };
    let decision = decide(input);
    if (decision.do === 'ask-reference') {
      const manager = signingComponent(decision.component);
      const allowed = await mayReference(context.client, request, decision.signer, manager);
      decision = decide({ ...input, mayReference: allowed });
    }
    const signer = controllerFor(decision);
    try {
      await carryOut(key, request, decision);
      context.observer.step(signer, decision.do, false);
    } catch (error) {
      const isFault = !(error instanceof ConflictError) && !(error instanceof NotFoundError);
      context.observer.step(signer, decision.do, isFault);
      throw error;
    }
  };
  const carryOut = async (key: string, request: SigningFacts, decision: SigningDecision): Promise<void> => {
    switch (decision.do) {
      case 'nothing':
      case 'ask-reference':
        waiting.leave(key);
        return;
      case 'tell':
        tell(request, decision.component, decision.type, decision.reason, decision.message);
        log.debug({ certificateSigningRequest: key, reason: decision.reason }, decision.message);
        return;
      case 'fail':
        return fail(request, decision.component, decision.reason, decision.message);
      case 'sign':
        return sign(request, decision);
    }
  };

  /** Deleted between our look at it and our write: there is nothing left to do, and nothing went wrong. */
  const unlessGone = async (key: string): Promise<void> => {
    try {
      await reconcile(key);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      waiting.leave(key);
      log.debug({ certificateSigningRequest: key, err: error }, 'was deleted meanwhile');
    }
  };
  const workers = runWorkers(queue, unlessGone, {
    clock: context.clock,
    workers: context.options.concurrency,
    ready: context.synced,
    observer,
    onResult: ({ key, outcome, error, nextMs }) => {
      if (outcome === 'done' || error instanceof SignerNotReadyError) return;
      const level = outcome === 'conflict' ? 'debug' : 'error';
      log[level](
        { certificateSigningRequest: key, err: error, retryInMs: nextMs },
        'CertificateSigningRequest could not be brought forward',
      );
    },
  });
  const stopped = stoppedBy(signal, workers);
  return { informers: [requests], stopped };
}

/** Secrets whose arrival or change can bring a waiting request forward: the issuer's, and the one with the requester's key. */
function secretsBehind(
  request: SigningFacts,
  issuer: AnyIssuer,
  type: IssuerType,
  namespace: string,
): string[] {
  const own = keySecretOf(request);
  return [...type.referencedSecrets(issuer), ...(own === undefined ? [] : [own])].map((name) =>
    cacheKey(namespace, name),
  );
}

/** In whose part of the work a decision falls. */
function controllerFor(decision: SigningDecision): ControllerName {
  if (decision.do === 'sign') return controllerName(decision.type.component);
  return controllerName('component' in decision ? decision.component : 'ca');
}
