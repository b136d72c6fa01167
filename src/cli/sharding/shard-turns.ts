/**
 * Turns over shards: a turn is a set of shards whose Leases we hold. It ends when the set is to change; work has stopped
 * by then and starts again with the next set, so that no shard is ever worked on by two.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { managedBy } from '../../api/labels.ts';
import type { Lease } from '../../api/core.ts';
import { leases } from '../../api/resources.ts';
import type { ControllerName } from '../../api/components.ts';
import { pause } from '../../kube/clock.ts';
import { atMostSince, momentOf, type Moment } from '../../kube/elapsed.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { acquireLease, type Leadership } from '../../kube/lease.ts';
import type { RoleOptions } from '../controller/controller-role.ts';
import type { Turn, Turns } from '../controller/turns.ts';
import { LeadershipLostError, type LeaderSettings } from '../process/leader.ts';
import type { RoleContext } from '../process/role.ts';
import { assign, shardOf } from './assignment.ts';
import { Membership, type Members } from './membership.ts';
import { shardClient } from './shard-client.ts';

/** Ends the identities of instances that share: only they may hold the main lease while others work. */
const suffix = 'external-certwright-shard';

/** So long a change of the set is given to be followed by more. */
const settleMs = 300;

interface Shard {
  name: string;
  /** Asking for the lease. */
  asking?: AbortController;
  /** Resolves when that is over: held, or given back. */
  asked: Promise<void>;
  held?: Leadership;
  heldAt: Moment;
}

export function shardTurns(
  settings: LeaderSettings & { shards: number; clusterResourceNamespace: string },
  context: RoleContext,
): Turns {
  const { clock, random, log, connection, signal, metrics, health } = context;
  const { namespace, durationMs, renewDeadlineMs, retryMs, fieldManager, shards: count } = settings;
  const client = createKubeClient({ ...connection, component: fieldManager });
  const token = randomUUID();
  const identity = `${hostname()}-${token}-${suffix}`;
  const member = new Membership({
    client,
    clock,
    namespace,
    identity,
    name: `certwright-member-${token}`,
    shards: count,
    durationMs,
    fieldManager,
  });
  // Shard 0 is the peer's own lease: while somebody else holds it, nobody of us works.
  const shards = Array.from({ length: count }, (_, index): Shard => ({
    name: index === 0 ? settings.name : `${settings.name}-shard-${index}`,
    asked: Promise.resolve(),
    heldAt: momentOf(clock),
  }));
  let desired = new Set<number>();
  let obstacle: string | undefined = 'not looked yet';
  let wake = Promise.withResolvers<void>();
  const changed = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  signal.addEventListener('abort', changed, { once: true });
  const heldShards = (): number[] =>
    shards.flatMap((shard, index) => (shard.held !== undefined && !shard.held.lost.aborted ? [index] : []));

  const ask = (shard: Shard): void => {
    const asking = new AbortController();
    shard.asking = asking;
    shard.asked = acquireLease(
      {
        client,
        clock,
        random,
        namespace,
        name: shard.name,
        identity,
        labels: { [managedBy]: settings.label },
        fieldManager,
        durationMs,
        renewDeadlineMs,
        retryMs,
        onHeld: (at) => {
          shard.heldAt = at;
        },
        onError: (err) => log.warn({ err, lease: shard.name }, 'a shard lease could not be taken or renewed'),
      },
      AbortSignal.any([signal, asking.signal]),
    )
      .then(
        (held) => {
          shard.held = held;
          held.lost.addEventListener('abort', changed, { once: true });
        },
        (err: unknown) => {
          if (!asking.signal.aborted && !signal.aborted) log.error({ err, lease: shard.name }, 'no lease');
        },
      )
      .then(() => {
        shard.asking = undefined;
        changed();
      });
  };

  /** Who holds the main lease although it is none of us. */
  const stranger = async (): Promise<string | undefined> => {
    try {
      const { spec } = await client.get<Lease>(leases, { namespace, name: settings.name }, signal);
      const holder = spec?.holderIdentity ?? '';
      return holder === '' || holder.endsWith(suffix) ? undefined : holder;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

  const plan = ({ alive, disagree }: Members, foreign: string | undefined): void => {
    const before = obstacle;
    obstacle =
      disagree ??
      (foreign === undefined ? undefined : `${foreign} holds the lease ${settings.name} and works`);
    if (obstacle !== undefined && obstacle !== before) log.warn({ reason: obstacle }, 'standing by');
    const mine = assign(alive, count).flatMap((holder, index) => (holder === identity ? [index] : []));
    desired = new Set(mine);
    for (const [index, shard] of shards.entries()) {
      if (desired.has(index) && shard.held === undefined && shard.asking === undefined) ask(shard);
      if (!desired.has(index)) shard.asking?.abort();
    }
    changed();
  };

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const [members, foreign] = await Promise.all([member.meet(signal), stranger()]);
        plan(members, foreign);
      } catch (err) {
        if (!signal.aborted)
          log.warn({ err }, 'the other instances could not be asked after; it is tried again');
      }
      await pause(clock, retryMs * (1 + 0.2 * random()), signal).catch(() => undefined);
    }
  };
  health.addLive({
    name: 'leaderElection',
    check: () => {
      const silent = shards.findIndex(
        ({ held, heldAt }) =>
          held !== undefined && atMostSince(clock, heldAt) > durationMs + settings.healthzTimeoutMs,
      );
      return silent < 0 ? undefined : `the lease of shard ${silent} was not renewed and the work did not end`;
    },
    note: () => obstacle ?? `holding ${heldShards().length} of ${count} shards`,
  });
  let following: Promise<void> | undefined;

  /** What we hold and are meant to hold, once nothing more is about to come at once. */
  const ready = (): number[] | undefined => {
    if (obstacle !== undefined) return undefined;
    const working = heldShards().filter((index) => desired.has(index));
    return working.length === 0 ? undefined : working;
  };

  const release = async (kept: (index: number) => boolean): Promise<void> => {
    await Promise.all(
      shards.map(async (shard, index) => {
        const { held } = shard;
        if (held === undefined || (kept(index) && !held.lost.aborted)) return;
        shard.held = undefined;
        await held
          .release()
          .catch((err: unknown) =>
            log.warn({ err, lease: shard.name }, 'a shard could not be given back; it expires'),
          );
      }),
    );
  };

  const turnOf = (working: readonly number[]): Turn => {
    const set = new Set(working);
    const over = new AbortController();
    void (async () => {
      while (!signal.aborted) {
        const now = ready();
        const lost = working.some((index) => now?.includes(index) !== true);
        const gained = now?.some((index) => !set.has(index)) === true;
        if (lost) break;
        // Gains come in rows: one new start for all of them.
        if (gained) await pause(clock, settleMs, signal).catch(() => undefined);
        if (gained) break;
        await wake.promise;
      }
      over.abort();
    })();
    metrics.setShards(working.length, count);
    log.info({ shards: working }, `at work on ${working.length} of ${count} shards`);
    const owns = (space: string | undefined): boolean => set.has(shardOf(space, count));
    return {
      over: over.signal,
      client: (direct) =>
        shardClient(direct, {
          owns,
          clusterResourceNamespace: settings.clusterResourceNamespace,
          guard: (space) => {
            const shard = shards[shardOf(space, count)];
            const alive = shard?.held !== undefined && !shard.held.lost.aborted;
            if (!owns(space) || !alive || atMostSince(clock, shard.heldAt) >= renewDeadlineMs)
              throw new LeadershipLostError(`${namespace}/${shard?.name ?? ''}`);
          },
        }),
      adapt: (options) => (set.has(0) ? options : withoutClusterWide(options)),
      async end() {
        metrics.setShards(0, count);
        await release((index) => !signal.aborted && desired.has(index));
        if (signal.aborted) await leave();
      },
    };
  };

  const leave = async (): Promise<void> => {
    await following;
    await Promise.all(shards.map(({ asked }) => asked));
    await release(() => false);
    await member.leave().catch((err: unknown) => log.warn({ err }, 'others learn in a while that we left'));
  };

  return {
    async next() {
      following ??= follow();
      for (;;) {
        if (signal.aborted) {
          await leave();
          return undefined;
        }
        // Between turns nobody works on what we hold: what is meant for others goes at once.
        await release((index) => desired.has(index));
        if (ready() !== undefined) {
          await pause(clock, settleMs, signal).catch(() => undefined);
          const working = ready();
          if (working !== undefined && !signal.aborted) return turnOf(working);
        } else await wake.promise;
      }
    },
  };
}

/** Objects of no namespace are of shard 0: others read ClusterIssuers, and leave them alone. */
function withoutClusterWide(options: RoleOptions): RoleOptions {
  const { disabled } = options.controllers;
  const clusterWide: readonly ControllerName[] = ['clusterissuers'];
  return {
    ...options,
    controllers: { ...options.controllers, disabled: new Set([...(disabled ?? []), ...clusterWide]) },
  };
}
