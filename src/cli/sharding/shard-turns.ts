/**
 * Turns over shards: a turn is a set of shards whose Leases we hold. It ends when the set is to change; work has stopped
 * by then and starts again with the next set, so that no shard is ever worked on by two.
 */
import { hostname } from 'node:os';
import { managedBy } from '../../api/labels.ts';
import type { Lease } from '../../api/core.ts';
import { leases } from '../../api/resources.ts';
import type { ControllerName } from '../../api/components.ts';
import { pause } from '../../kube/clock.ts';
import { atMostSince, momentOf, type Moment } from '../../kube/elapsed.ts';
import type { KubeClient } from '../../kube/client.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { acquireLease, type Leadership } from '../../kube/lease.ts';
import type { RoleOptions } from '../controller/controller-role.ts';
import type { Turn, Turns } from '../controller/turns.ts';
import { LeadershipLostError, type LeaderSettings } from '../process/leader.ts';
import type { RoleContext } from '../process/role.ts';
import type { Metrics } from '../../metrics/metrics.ts';
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
  /** It is not asked for again before it is given back: what gives it back would take it from whoever asked. */
  givingBack?: Promise<void>;
}

export interface ShardContext extends Pick<RoleContext, 'clock' | 'random' | 'log' | 'signal' | 'health'> {
  /** For Leases. */
  client: KubeClient;
  /** Another one for each process: its identity. */
  token: string;
  metrics: Pick<Metrics, 'setShards'>;
}

export function shardTurns(
  settings: LeaderSettings & { shards: number; clusterResourceNamespace: string },
  context: ShardContext,
): Turns {
  const { clock, random, log, client, token, signal, metrics, health } = context;
  const { namespace, durationMs, renewDeadlineMs, retryMs, fieldManager, shards: count } = settings;
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
  /** Shards of the turn that is on. */
  let working: ReadonlySet<number> = new Set();
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
        // The plan may have changed while the answer was on its way.
        if (shard.held !== undefined) void tidy();
      });
  };

  const askForDesired = (): void => {
    if (signal.aborted) return;
    for (const [index, shard] of shards.entries()) {
      const isFree = shard.held === undefined && shard.asking === undefined && shard.givingBack === undefined;
      if (isFree && desired.has(index)) ask(shard);
    }
  };

  const release = async (which: (index: number, held: Leadership) => boolean): Promise<void> => {
    const given = shards.map(async (shard, index) => {
      const { held } = shard;
      if (held === undefined || !which(index, held)) return;
      shard.held = undefined;
      shard.givingBack = held
        .release()
        .catch((err: unknown) =>
          log.warn({ err, lease: shard.name }, 'a shard could not be given back; it expires'),
        );
      await shard.givingBack;
      shard.givingBack = undefined;
    });
    await Promise.all(given);
    askForDesired();
  };

  /** Gives back what others wait for, and lets go of what was lost, except where work may be going on. */
  const tidy = (): Promise<void> =>
    release((index, { lost }) => !working.has(index) && (lost.aborted || !desired.has(index)));

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
    for (const [index, shard] of shards.entries()) if (!desired.has(index)) shard.asking?.abort();
    askForDesired();
    changed();
    void tidy();
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
    const both = heldShards().filter((index) => desired.has(index));
    return both.length === 0 ? undefined : both;
  };

  const turnOf = (taken: readonly number[]): Turn => {
    const set = new Set(taken);
    working = set;
    const over = new AbortController();
    void (async () => {
      while (!signal.aborted) {
        const now = ready();
        const lost = taken.some((index) => now?.includes(index) !== true);
        const gained = now?.some((index) => !set.has(index)) === true;
        if (lost) break;
        // Gains come in rows: one new start for all of them.
        if (gained) await pause(clock, settleMs, signal).catch(() => undefined);
        if (gained) break;
        await wake.promise;
      }
      over.abort();
    })();
    metrics.setShards(taken.length, count);
    log.info({ shards: taken }, `at work on ${taken.length} of ${count} shards`);
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
        working = new Set();
        await (signal.aborted ? leave() : tidy());
      },
    };
  };

  const leave = async (): Promise<void> => {
    await release(() => true);
    await following;
    await Promise.all(shards.flatMap(({ asked, givingBack = asked }) => [asked, givingBack]));
    await release(() => true);
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
        await tidy();
        if (ready() !== undefined) {
          await pause(clock, settleMs, signal).catch(() => undefined);
          const taken = ready();
          if (taken !== undefined && !signal.aborted) return turnOf(taken);
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
