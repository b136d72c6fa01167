/** `--dry-run`: every cache is filled and everything is decided, and every write is refused before it leaves the process. */
import type { Log } from '../../controllers/context.ts';
import { startControllers, type ControllersInput } from '../../controllers/manager.ts';
import { unobserved, type ControllersObserver } from '../../controllers/observer.ts';
import { heldAccounts } from '../../issuers/acme/open-account.ts';
import { cacheKey } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import { pause } from '../../kube/clock.ts';
import { guardWrites, isReview, type GuardedWrite } from '../../kube/guarded-client.ts';
import type { WorkObserver } from '../../kube/observe.ts';
import { requireReadable } from './require-readable.ts';
import { planCertificate, planWrite, type DryRunReport, type PlannedAction } from './plan.ts';

/** What every write meets. */
class DryRunRefusal extends Error {
  readonly code = 'cli/dry-run';
  readonly retryable = false;
}

type DryRunInput = Omit<ControllersInput, 'client' | 'observer' | 'holdCertificates'> & {
  client: KubeClient;
  /** Ends the wait for caches; the report is then of no use and the promise rejects. */
  signal: AbortSignal;
};

const lookAgainMs = 20;
/** Woken work is queued in the same turn of the loop or the next: several quiet looks in a row mean that nothing is left. */
const quietLooks = 5;

/**
 * Answers what would be done.
 * @throws EnvironmentError where something is not served or may not be read; the signal's reason when it aborts first
 */
export async function dryRun(input: DryRunInput): Promise<DryRunReport> {
  const { signal, clock, log } = input;
  await requireReadable(input.client, input.options?.namespace, signal);
  const refused = new Map<string, GuardedWrite>();
  const client = guardWrites(input.client, (write) => {
    if (isReview(write)) return;
    // Events tell of what was done, and nothing is.
    if (write.type.kind !== 'Event') {
      const key = `${write.type.group}/${write.type.kind}/${write.namespace ?? ''}/${write.name}`;
      if (!refused.has(key)) refused.set(key, write);
    }
    throw new DryRunRefusal(`a dry run writes nothing: ${write.verb} ${write.type.kind} ${write.name}`);
  });
  const queues: Parameters<WorkObserver['queue']>[0][] = [];
  const controllers = startControllers({
    ...input,
    openAccount: heldAccounts,
    client,
    holdCertificates: true,
    log: withoutRefusals(log),
    observer: queueWatcher((controller, queue) => {
      if (controller !== 'certificates') queues.push(queue);
    }),
  });
  try {
    await untilAbortedOr(controllers.synced, signal);
    for (let quiet = 0; quiet < quietLooks;) {
      await pause(clock, lookAgainMs, signal);
      quiet = queues.every(({ length, active }) => length === 0 && active === 0) ? quiet + 1 : 0;
    }
    const actions: PlannedAction[] = [];
    const { informers } = controllers;
    for (const certificate of informers.certificates.values()) {
      signal.throwIfAborted();
      const key = cacheKey(certificate.metadata?.namespace, certificate.metadata?.name ?? '');
      const decision = await controllers.explain(key);
      const planned = decision === undefined ? undefined : planCertificate(certificate, decision);
      if (planned !== undefined) actions.push(planned);
    }
    actions.push(...Array.from(refused.values(), planWrite));
    return {
      actions: actions.toSorted(byPlace),
      looked: {
        Certificate: informers.certificates.size,
        CertificateRequest: informers.certificateRequests.size,
        Issuer: informers.issuers.size,
        ClusterIssuer: informers.clusterIssuers.size,
      },
    };
  } finally {
    await controllers.stop();
  }
}

function byPlace(a: PlannedAction, b: PlannedAction): number {
  const key = ({ kind, namespace = '', name }: PlannedAction): string => `${kind}/${namespace}/${name}`;
  return key(a) < key(b) ? -1 : 1;
}

async function untilAbortedOr(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  await Promise.race([promise, aborted]);
}

/** Refusals are what a dry run is for; everything else that goes wrong is told. */
function withoutRefusals(log: Log): Log {
  const isRefusal = (error: unknown): boolean =>
    error instanceof DryRunRefusal || (error instanceof Error && isRefusal(error.cause));
  const level = (fields: object, usual: 'warn' | 'error'): 'debug' | 'warn' | 'error' =>
    'err' in fields && isRefusal(fields.err) ? 'debug' : usual;
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.debug(fields, message),
    warn: (fields, message) => log[level(fields, 'warn')](fields, message),
    error: (fields, message) => log[level(fields, 'error')](fields, message),
  };
}

function queueWatcher(
  onQueue: (controller: string, queue: Parameters<WorkObserver['queue']>[0]) => void,
): ControllersObserver {
  return {
    ...unobserved,
    work: (controller) => ({
      ...unobserved.work(controller),
      queue: (queue) => onQueue(controller, queue),
    }),
  };
}
