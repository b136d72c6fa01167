/** Watches what a Certificate depends on and has it reconciled: the thin shell around `decide`. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { cacheKey } from '../../kube/cache.ts';
import { createQueue, fastBackoff } from '../../kube/queue.ts';
import { KubeError } from '../../kube/errors.ts';
import { runWorkers, stoppedBy } from '../../kube/worker.ts';
import type { ControllerContext, RunningController } from '../context.ts';
import { issuerIndexKey } from '../context.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import type { Change } from '../../kube/cache.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { issuerChain } from './fallback/issuer-chain.ts';
import { ChangedMeanwhileError } from './errors.ts';
import { readyCondition } from './gather.ts';
import { Reconciler, type ReconcilerOptions } from './reconcile.ts';
import { RenewalInfoPoller } from './renewal-info/poller.ts';
import type { RequestFactsBook } from './request-trim.ts';
import type { SecretFacts } from './secret-facts.ts';
import { conditionOf, isIssuing } from './status.ts';
import type { Decision } from './decision.ts';

export interface CertificateController extends RunningController {
  /** What would be done about `namespace/name` now, and why. */
  explain(key: string): Promise<Decision | undefined>;
}

/** The name and uid of the controller among owner references, when it is a Certificate. */
export function certificateOwner(
  references: readonly OwnerReference[] | undefined,
): OwnerReference | undefined {
  return references?.find((reference) => reference.controller === true && reference.kind === 'Certificate');
}

export function startCertificateController(
  context: ControllerContext,
  book: RequestFactsBook,
  /** Resolves when every shared cache is complete. */
  allSynced: Promise<void>,
  signal: AbortSignal,
  options: ReconcilerOptions = {},
): CertificateController {
  const { informers, log, clock } = context;
  const observer = context.observer.work('certificates');
  const queue = createQueue({ clock, backoff: fastBackoff, observer });
  const poller = new RenewalInfoPoller(context, (key) => queue.add(key), signal);
  const reconciler = new Reconciler(context, book, { poller, ...options });

  const wakeSharing = (namespace: string, secretName: string, relisted: boolean): void => {
    for (const other of informers.certificates.byIndex('secretName', cacheKey(namespace, secretName))) {
      queue.add(cacheKey(other.metadata?.namespace, other.metadata?.name ?? ''), { relisted });
    }
  };
  informers.certificates.onChange(({ key, current, previous, relisted }) => {
    if (current !== undefined) queue.add(key, { relisted });
    else {
      context.observer.breaker(key, undefined);
      poller.forget(key);
    }
    // After a re-list another object may stand under the same name at once.
    if (previous !== undefined && previous.metadata?.uid !== current?.metadata?.uid)
      reconciler.forget(previous.metadata?.uid ?? '');
    // Whoever shared the Secret may own it now.
    const left = previous !== undefined && previous.spec.secretName !== current?.spec.secretName;
    if (left) wakeSharing(previous.metadata?.namespace ?? '', previous.spec.secretName, relisted);
  });
  const wakeOwner = (
    namespace: string,
    references: readonly OwnerReference[] | undefined,
    relisted: boolean,
  ): void => {
    const owner = certificateOwner(references);
    if (owner !== undefined) queue.add(cacheKey(namespace, owner.name), { relisted });
  };
  informers.certificateRequests.onChange(({ current, previous, relisted }) => {
    const metadata = (current ?? previous)?.metadata;
    const namespace = metadata?.namespace ?? '';
    // While we issue it ourselves its changes are our own; the worker looks again by itself.
    if (context.claims.isClaimed(namespace, metadata?.name ?? '')) return;
    wakeOwner(namespace, metadata?.ownerReferences, relisted);
  });
  // What an order waits for is a reason to ask a fallback issuer; where there is none it is no news here.
  informers.orders.onChange(({ current, relisted }) => {
    if (current?.status?.nextAttemptAt === undefined && current?.status?.problem === undefined) return;
    const { namespace, ownerReferences } = current.metadata ?? {};
    const asker = controllingOwner({ ownerReferences });
    const request = informers.certificateRequests.get(cacheKey(namespace, asker?.name ?? ''));
    const owner = certificateOwner(request?.metadata?.ownerReferences);
    if (request?.metadata?.uid !== asker?.uid || owner === undefined) return;
    const certificate = informers.certificates.get(cacheKey(namespace, owner.name));
    if (certificate !== undefined && issuerChain(certificate).issuers.length > 1)
      queue.add(cacheKey(namespace, owner.name), { relisted });
  });
  const onSecret = ({ current, previous, relisted }: Change<SecretFacts>): void => {
    const secret = current ?? previous;
    if (secret === undefined) return;
    wakeSharing(secret.namespace, secret.name, relisted);
    wakeOwner(secret.namespace, secret.ownerReferences, relisted);
  };
  informers.secrets.onChange(onSecret);
  informers.otherSecrets.onChange(onSecret);
  const onIssuer =
    (kind: string) =>
    (change: Change<AnyIssuer>): void => {
      const { current, previous, relisted } = change;
      if (current === undefined || readyCondition(current)?.status !== 'True') return;
      if (previous !== undefined && readyCondition(previous)?.status === 'True') return;
      const index = issuerIndexKey(current.metadata?.namespace ?? '', {
        kind,
        name: current.metadata?.name ?? '',
      });
      for (const certificate of informers.certificates.byIndex('issuer', index)) {
        if (conditionOf(certificate.status, 'Ready')?.status === 'True' && !isIssuing(certificate.status))
          continue;
        queue.add(cacheKey(certificate.metadata?.namespace, certificate.metadata?.name ?? ''), { relisted });
      }
    };
  informers.issuers.onChange(onIssuer('Issuer'));
  informers.clusterIssuers.onChange(onIssuer('ClusterIssuer'));

  const workers = runWorkers(queue, (key) => reconciler.reconcile(key), {
    clock,
    workers: context.options.concurrency,
    // Deciding on half a picture would issue again what is already there.
    ready: allSynced,
    observer,
    onResult: ({ key, outcome, error, nextMs, failures }) => {
      if (outcome === 'done') return;
      const level = outcome === 'conflict' || isOvertaken(error) ? 'debug' : 'error';
      log[level](
        { certificate: key, err: error, retryInMs: nextMs, failures },
        'Certificate could not be brought forward',
      );
    },
  });
  const stopped = stoppedBy(signal, workers);
  return { stopped, explain: (key) => reconciler.explain(key) };
}

/** Somebody was faster, or it goes, alone or with its namespace: no fault, and the next look decides anew. */
function isOvertaken(error: unknown): boolean {
  return error instanceof ChangedMeanwhileError || (error instanceof KubeError && error.namespaceTerminating);
}
