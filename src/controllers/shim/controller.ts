/** Keeps the Certificates of one kind of object: caches in, writes out (spec/shims-webhook-cainjector.md §1, §9). */
import { untilAborted } from '../../kube/until-aborted.ts';
import { componentOf, type ControllerName } from '../../api/components.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { cacheKey } from '../../kube/cache.ts';
import { ConflictError, KubeError, NotFoundError } from '../../kube/errors.ts';
import { createQueue, itemBackoff } from '../../kube/queue.ts';
import { runWorkers, type Workers } from '../../kube/worker.ts';
import type { ControllerContext, RunningController } from '../context.ts';
import { act, type ActContext } from './act.ts';
import { decide } from './decide.ts';
import type { ShimOptions } from './options.ts';
import { OwnedCertificates } from './owned-certificates.ts';
import { Restraint } from './restraint.ts';
import { keyOf, type ShimKind, type ShimObject } from './shim-object.ts';
import { resourceOf } from './wanted-certificate.ts';
import type { ShimWatches } from './watches.ts';

export interface ShimInput {
  readonly controller: ControllerName;
  readonly kind: ShimKind;
  readonly options: ShimOptions;
  readonly watches: ShimWatches;
}

export function startShim(
  context: ControllerContext,
  signal: AbortSignal,
  input: ShimInput,
): RunningController {
  const { controller, kind, options, watches } = input;
  const { clock, client, informers, log } = context;
  const { certificates } = informers;
  const resource = resourceOf[kind];
  const component = componentOf(controller);
  const isSet = kind === 'ListenerSet' || kind === 'XListenerSet';
  const objects = watches(context, kind, controller, signal);
  const gateways = isSet ? watches(context, 'Gateway', controller, signal) : undefined;
  const observer = context.observer.work(controller);
  const queue = createQueue({ clock, backoff: itemBackoff, observer });

  const acting: ActContext = {
    client,
    informers,
    log,
    component,
    options,
    restraint: new Restraint(clock),
    settled: new Map(),
    removed: new Map(),
    event: (object, type, reason, message) => {
      const { namespace, name, uid, resourceVersion } = object;
      const reference = { apiVersion: apiVersionOf(resource), kind, namespace, name, uid, resourceVersion };
      context.events.event(reference, component, type, reason, message);
    },
  };
  const owned = new OwnedCertificates(
    certificates,
    ({ kind: ownerKind, apiVersion }) => ownerKind === kind && apiVersion.split('/')[0] === resource.group,
    ({ key, before, now, relisted }) => {
      const namespace = key.slice(0, key.indexOf('/'));
      for (const owner of new Set([before?.name, now?.name]))
        if (owner !== undefined) queue.add(cacheKey(namespace, owner), { relisted });
      if (certificates.get(key) === undefined) {
        acting.settled.delete(key);
        acting.removed.delete(key);
      }
      // Whoever waits for the name: the Certificate of somebody else is gone, or has changed hands.
      if (now === undefined)
        for (const waiting of objects.informer.byIndex('secret', key))
          queue.add(keyOf(waiting), { relisted });
    },
  );
  /** What each object was last warned of: looking again at the same mistake is no news. */
  const told = new Map<string, readonly string[]>();

  objects.informer.onChange(({ key, current, relisted }) => {
    if (current === undefined) {
      told.delete(key);
      acting.restraint.forget(key);
    } else queue.add(key, { relisted });
  });
  gateways?.informer.onChange(({ key, relisted }) => {
    for (const set of objects.informer.byIndex('parent', key)) queue.add(keyOf(set), { relisted });
  });

  const reconcile = async (key: string, workSignal: AbortSignal): Promise<{ after?: number } | void> => {
    const object = objects.informer.get(key);
    if (object === undefined) return;
    const { parent } = object;
    const decision = decide(
      {
        object,
        gateway:
          parent === undefined ? undefined : gateways?.informer.get(cacheKey(parent.namespace, parent.name)),
        certificate: (name) => certificates.get(cacheKey(object.namespace, name)),
        owned: owned.of(object.namespace, object.uid),
      },
      options,
    );
    warn(key, object, decision.warnings);
    if (decision.taken.length > 0)
      log.debug(
        { [resource.singular]: key, certificates: decision.taken.slice(0, 10) },
        'Certificates of these names are not ours, and are left alone',
      );
    const outcome = await act(acting, object, decision, workSignal);
    if (outcome.failure !== undefined) throw outcome.failure;
    if (outcome.again) queue.add(key);
    if (outcome.after !== undefined) {
      log.warn(
        { [resource.singular]: key, retryInMs: outcome.after },
        'somebody keeps undoing what this object asks of its Certificates, or has a Certificate of that name that cannot be read; see its managed fields for who',
      );
      return { after: outcome.after };
    }
  };
  const warn = (key: string, object: ShimObject, warnings: readonly string[]): void => {
    const before = told.get(key) ?? [];
    for (const warning of warnings) {
      if (before.includes(warning)) continue;
      acting.event(object, 'Warning', 'BadConfig', warning);
      log.warn({ [resource.singular]: key, reason: 'BadConfig' }, warning);
    }
    if (warnings.length === 0) told.delete(key);
    else told.set(key, warnings);
  };

  const aborted = untilAborted(signal).then(() => false);
  const synced = context.synced.then(() => true);
  const begin = async (): Promise<Workers | undefined> => {
    for (const cache of [objects.ready, gateways?.ready ?? true, synced])
      if (!(await Promise.race([cache, aborted]))) return undefined;
    return runWorkers(queue, reconcile, {
      clock,
      workers: context.options.concurrency,
      observer,
      onResult: ({ key, outcome, error, nextMs }) => {
        if (outcome === 'done') return;
        const expected = outcome === 'conflict' || (error instanceof KubeError && error.namespaceTerminating);
        log[expected || error instanceof NotFoundError || error instanceof ConflictError ? 'debug' : 'error'](
          { [resource.singular]: key, err: error, retryInMs: nextMs },
          `the Certificates of this ${kind} could not all be brought up to date`,
        );
      },
    });
  };
  const stopped = begin().then(async (workers) => {
    await aborted;
    await workers?.stop();
    queue.shutDown();
  });
  return { stopped };
}
