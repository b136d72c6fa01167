/** Checks whether Issuers and ClusterIssuers can sign and says so in their Ready condition (spec/certificate-lifecycle.md §23). */
import type { Condition } from '../../api/meta.ts';
import { clusterIssuers, issuers, type ResourceType } from '../../api/resources.ts';
import { issuerContext } from '../../issuers/context.ts';
import type { AnyIssuer, Readiness } from '../../issuers/issuer.ts';
import { cacheKey, type Change, type Informer } from '../../kube/cache.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import { createQueue, itemBackoff } from '../../kube/queue.ts';
import { runWorkers, stoppedBy } from '../../kube/worker.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { issuerContextSource } from '../certificaterequest/controller.ts';
import type { ControllerContext, RunningController } from '../context.ts';
import { WaitingRoom } from '../certificaterequest/waiting-room.ts';
import { acmeChange, decideReadiness, initFailed, readyCondition } from './decide.ts';

/** The check failed in a way that a later try may heal: makes the queue back off. */
class IssuerNotReadyError extends Error {
  readonly code = 'issuer/not-ready';
  readonly retryable = true;
}

/** Issuers of all namespaces. */
export function startIssuerController(context: ControllerContext, signal: AbortSignal): RunningController {
  return start(context, signal, issuers, context.informers.issuers, 'cert-manager-issuers');
}

/** ClusterIssuers; their Secrets live in the cluster resource namespace. */
export function startClusterIssuerController(
  context: ControllerContext,
  signal: AbortSignal,
): RunningController {
  return start(
    context,
    signal,
    clusterIssuers,
    context.informers.clusterIssuers,
    'cert-manager-clusterissuers',
  );
}

function start<T extends AnyIssuer>(
  context: ControllerContext,
  signal: AbortSignal,
  resource: ResourceType,
  informer: Informer<T>,
  component: string,
): RunningController {
  const { informers, log } = context;
  const observer = context.observer.work(resource.plural);
  const queue = createQueue({ clock: context.clock, backoff: itemBackoff, observer });
  const types = context.issuerTypes;
  const source = issuerContextSource(context);
  /** The last verdict of each issuer that no retry can change, with what it depended on. */
  const verdicts = new Map<string, { inputs: string; readiness: Readiness }>();

  const secretsOf = (issuer: T): string[] => {
    const resolved = types.resolve(issuer);
    const namespace = issuer.metadata?.namespace ?? source.clusterResourceNamespace;
    return resolved.kind === 'known'
      ? resolved.type.referencedSecrets(issuer).map((name) => cacheKey(namespace, name))
      : [];
  };

  // Who depends on which Secret: a Secret's change must not cost a look at every issuer.
  const referrers = new WaitingRoom();
  informer.onChange(({ key, current, previous, relisted }) => {
    if (current === undefined) {
      verdicts.delete(key);
      referrers.leave(key);
      context.acmeAccounts.forget(previous?.metadata?.uid ?? '');
      return;
    }
    referrers.enter(key, secretsOf(current));
    queue.add(key, { relisted });
  });
  const wakeReferrers = ({ key, relisted }: Change<SecretFacts>): void => {
    for (const issuer of referrers.waitingFor(key)) queue.add(issuer, { relisted });
  };
  informers.secrets.onChange(wakeReferrers);
  informers.otherSecrets.onChange(wakeReferrers);

  context.acme.accounts.onDistrust(({ metadata }) => {
    const key = cacheKey(metadata?.namespace, metadata?.name ?? '');
    if (informer.get(key)?.metadata?.uid !== metadata?.uid) return;
    verdicts.delete(key);
    queue.add(key);
  });

  /** What the last verdict depended on: unchanged means that looking again cannot give another one. */
  const inputsOf = (issuer: T): string => {
    const versions = secretsOf(issuer).map((key) => {
      return (informers.secrets.get(key) ?? informers.otherSecrets.get(key))?.resourceVersion ?? 'absent';
    });
    // Whoever takes the account out of the status asks for it to be looked up again.
    const account = issuer.status?.acme?.uri ?? '';
    return JSON.stringify([issuer.metadata?.uid, issuer.metadata?.generation, account, versions]);
  };

  const reconcile = async (key: string): Promise<{ after: number } | void> => {
    const issuer = informer.get(key);
    if (issuer === undefined || issuer.metadata?.deletionTimestamp !== undefined) return;
    const inputs = inputsOf(issuer);
    const conditions = issuer.status?.conditions ?? [];
    const known = verdicts.get(key);
    // Our own status write and changes of labels come back here: the verdict holds, and only a foreign hand on the
    // condition makes us write it again.
    const readiness =
      known?.inputs === inputs && (known.readiness.recheckAt ?? Infinity) > context.clock.now()
        ? known.readiness
        : await decideReadiness(types.resolve(issuer), issuerContext(source, issuer));
    const next: readonly Condition[] = readyCondition(
      conditions,
      readiness,
      issuer.metadata?.generation,
      source.now(),
    );
    const acme = acmeChange(issuer.status?.acme, readiness.acme);
    let current = issuer;
    if (next !== conditions || acme !== undefined) {
      const { namespace, name, resourceVersion, uid } = issuer.metadata ?? {};
      const written = await context.client.patch<T>(
        resource,
        { namespace, name: name ?? '' },
        'merge',
        {
          metadata: { resourceVersion, uid },
          status: { conditions: next, ...(acme === undefined ? {} : { acme }) },
        },
        { fieldManager: component, subresource: 'status' },
      );
      informer.observe(written);
      current = written;
    }
    if (next !== conditions) {
      log[readiness.ready && readiness.event?.type !== 'Warning' ? 'info' : 'warn'](
        { [resource.singular]: key, ready: readiness.ready, reason: readiness.reason },
        readiness.message === '' ? `${resource.kind} is ready` : readiness.message,
      );
      if (readiness.event !== undefined) {
        const { type, reason, message } = readiness.event;
        const reference = referenceTo(resource, issuer);
        context.events.event(reference, component, type, reason, message);
        // The one reason that all issuer types share: what alerts on issuers look for (lifecycle §23).
        if (readiness.retry && reason !== initFailed)
          context.events.event(
            reference,
            component,
            'Warning',
            initFailed,
            `Will be checked again: ${message}`,
          );
      }
    }
    if (readiness.retry) throw new IssuerNotReadyError(readiness.message);
    if (informer.get(key) === undefined) return;
    verdicts.set(key, { inputs: inputsOf(current), readiness });
    if (readiness.recheckAt !== undefined)
      return { after: Math.max(1000, readiness.recheckAt - context.clock.now()) };
  };

  /** Deleted between our look at it and our write: nothing is left to be said about it. */
  const unlessGone = async (key: string): Promise<{ after: number } | void> => {
    try {
      return await reconcile(key);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      verdicts.delete(key);
      log.debug({ [resource.singular]: key, err: error }, 'was deleted meanwhile');
    }
  };

  const workers = runWorkers(queue, unlessGone, {
    clock: context.clock,
    workers: context.options.concurrency,
    ready: context.synced,
    observer,
    onResult: ({ key, outcome, error, nextMs }) => {
      if (outcome === 'done' || error instanceof IssuerNotReadyError) return;
      const level = outcome === 'conflict' ? 'debug' : 'error';
      log[level](
        { [resource.singular]: key, err: error, retryInMs: nextMs },
        `${resource.kind} could not be checked`,
      );
    },
  });
  const stopped = stoppedBy(signal, workers);
  return { stopped };
}
