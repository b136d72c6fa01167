/** Leader election on a Lease, as client-go does it: one of many processes works, the others wait. */
import type { Lease } from '../api/core.ts';
import { leases } from '../api/resources.ts';
import type { KubeClient } from './client.ts';
import { pause, type Clock } from './clock.ts';
import { atLeastSince, atMostSince, momentOf, type Moment } from './elapsed.ts';
import { AlreadyExistsError, ConflictError, NotFoundError, TimeoutError } from './errors.ts';

export interface LeaseOptions {
  client: KubeClient;
  clock: Clock;
  /** 0 <= random() < 1. */
  random: () => number;
  namespace: string;
  name: string;
  /** Who we are; must differ between processes. */
  identity: string;
  labels?: Record<string, string>;
  fieldManager: string;
  /** Others take over when the holder has not renewed for this long. 60 s when absent (certificate-lifecycle spec §2). */
  durationMs?: number;
  /** We give up when we could not renew for this long; must be shorter. 40 s when absent. */
  renewDeadlineMs?: number;
  /** Time between attempts. 15 s when absent. */
  retryMs?: number;
  /** A failed attempt, before the next one. Must not throw. */
  onError?: (error: unknown) => void;
  /** We hold the lease from this moment on, or again. Must not throw. */
  onHeld?: (at: Moment) => void;
  /** Somebody else holds the lease and we wait; called once for each holder. Must not throw. */
  onStandby?: (holder: string) => void;
}

export interface Leadership {
  /** Aborts when the lease is lost: stop at once, somebody else may be at work. Not aborted by `release`. */
  lost: AbortSignal;
  /** Gives the lease back, so that the next process need not wait for it to expire. Call when all work has stopped. */
  release(): Promise<void>;
}

/** Resolves once we hold the lease, which is then renewed in the background. Rejects when the signal aborts first. */
export async function acquireLease(options: LeaseOptions, signal?: AbortSignal): Promise<Leadership> {
  const { client, clock, namespace, name, identity, fieldManager } = options;
  const durationMs = options.durationMs ?? 60_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 40_000;
  const retryMs = options.retryMs ?? 15_000;
  if (renewDeadlineMs >= durationMs) throw new RangeError('renewDeadlineMs must be shorter than durationMs');

  // Clocks of different machines disagree: a lease is expired when *we* saw no change for its duration.
  let observed: { version: string; at: Moment } | undefined;
  let held: Lease | undefined;
  let toldOf: string | undefined;

  const write = async (current: Lease | undefined, signal: AbortSignal): Promise<Lease> => {
    const now = microTime(clock.now());
    const mine = current?.spec?.holderIdentity === identity;
    const transitions = current?.spec?.leaseTransitions ?? 0;
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...current?.metadata,
        name,
        namespace,
        labels: { ...current?.metadata?.labels, ...options.labels },
      },
      spec: {
        ...current?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(durationMs / 1000),
        acquireTime: mine ? (current?.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: mine || current === undefined ? transitions : transitions + 1,
      },
    };
    const write = { fieldManager, signal };
    return current === undefined ? client.create(leases, lease, write) : client.update(leases, lease, write);
  };

  /** A write was broken off: the server may have it. */
  let unsure = false;
  /** What is there now is asked for, unless it is known. */
  const giveBack = async (): Promise<void> => {
    for (let tries = 3; ; tries--) {
      const current = held ?? (await client.get<Lease>(leases, { namespace, name }));
      held = undefined;
      if (current.spec?.holderIdentity !== identity) return;
      const now = microTime(clock.now());
      const spec = {
        ...current.spec,
        holderIdentity: '',
        leaseDurationSeconds: 1,
        renewTime: now,
        acquireTime: now,
      };
      try {
        await client.update<Lease>(leases, { ...current, spec }, { fieldManager });
        return;
      } catch (error) {
        if (!(error instanceof ConflictError) || tries === 0) throw error;
      }
    }
  };

  /** `taken`: somebody else holds the lease. No attempt lasts longer than `timeoutMs`. */
  const attempt = async (timeoutMs: number, outer?: AbortSignal): Promise<'held' | 'taken' | 'failed'> => {
    const deadline = new AbortController();
    const timer = clock.after(timeoutMs, () =>
      deadline.abort(
        new TimeoutError(
          `the API server did not answer within ${Math.round(timeoutMs / 1000)} s (lease ${namespace}/${name})`,
        ),
      ),
    );
    const signal = outer === undefined ? deadline.signal : AbortSignal.any([outer, deadline.signal]);
    try {
      let current: Lease | undefined;
      try {
        current = held ?? (await client.get<Lease>(leases, { namespace, name }, signal));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
      if (current !== undefined && held === undefined) {
        const version = current.metadata?.resourceVersion ?? '';
        if (observed?.version !== version) observed = { version, at: momentOf(clock) };
        const holder = current.spec?.holderIdentity ?? '';
        const lengthMs = (current.spec?.leaseDurationSeconds ?? 0) * 1000;
        if (holder !== '' && holder !== identity && atLeastSince(clock, observed.at) < lengthMs) {
          if (holder !== toldOf) options.onStandby?.(holder);
          toldOf = holder;
          return 'taken';
        }
      }
      // Others count from when they see the write, which is later: our own count must never end after theirs.
      const began = momentOf(clock);
      unsure = true;
      held = await write(current, signal);
      unsure = false;
      options.onHeld?.(began);
      return 'held';
    } catch (error) {
      // What we hold may be out of date: read before the next write.
      held = undefined;
      const isRace = error instanceof ConflictError || error instanceof AlreadyExistsError;
      if (!isRace && outer?.aborted !== true) options.onError?.(error);
      return 'failed';
    } finally {
      timer.cancel();
    }
  };

  try {
    for (;;) {
      signal?.throwIfAborted();
      if ((await attempt(renewDeadlineMs, signal)) === 'held') break;
      await pause(clock, retryMs * (1 + 0.2 * options.random()), signal);
    }
  } catch (error) {
    // Asked to stop: nobody is to wait for a lease that we hold without knowing it.
    if (unsure) await giveBack().catch((problem: unknown) => options.onError?.(problem));
    throw error;
  }

  const lost = new AbortController();
  const stop = new AbortController();
  const renew = async (): Promise<void> => {
    let renewedAt = momentOf(clock);
    for (;;) {
      // The last attempt falls on the deadline, not after it.
      const untilDeadline = renewDeadlineMs - atMostSince(clock, renewedAt);
      await pause(clock, Math.max(0, Math.min(retryMs, untilDeadline)), stop.signal);
      const left = renewDeadlineMs - atMostSince(clock, renewedAt);
      const outcome = left > 0 ? await attempt(left, stop.signal) : 'failed';
      if (outcome === 'held') renewedAt = momentOf(clock);
      else if (outcome === 'taken')
        throw new ConflictError(`somebody else took the lease ${namespace}/${name}`);
      else if (atMostSince(clock, renewedAt) >= renewDeadlineMs)
        throw new TimeoutError(
          `the lease ${namespace}/${name} could not be renewed for ${renewDeadlineMs / 1000} s`,
        );
    }
  };
  const renewing = renew().catch((error: unknown) => {
    if (!stop.signal.aborted) lost.abort(error);
  });

  return {
    lost: lost.signal,
    async release() {
      stop.abort(new Error('released'));
      await renewing;
      if (lost.signal.aborted) return;
      // A renewal that was broken off may or may not have reached the server.
      await giveBack();
    },
  };
}

/** metav1.MicroTime. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
