/** When an instance works, and on what: always, while it holds the lease, or on the shards that it holds. */
import { randomUUID } from 'node:crypto';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { createElection } from '../process/leader.ts';
import { shardTurns } from '../sharding/shard-turns.ts';
import type { RoleContext } from '../process/role.ts';
import type { RoleOptions } from './controller-role.ts';

export interface Turn {
  /** Aborted when the work has to stop although nobody asked the process to. */
  over: AbortSignal;
  /** What the work may be done with: refuses writes once somebody else could be at work. */
  client(direct: KubeClient): KubeClient;
  /** The options for this turn. */
  adapt(options: RoleOptions): RoleOptions;
  /** Once all work has stopped. */
  end(): Promise<void>;
}

export interface Turns {
  /** Resolves when it is our turn; undefined when asked to stop. */
  next(): Promise<Turn | undefined>;
}

export function createTurns(options: RoleOptions, context: RoleContext): Turns {
  if (options.leader === undefined) return { next: () => Promise.resolve(endless) };
  if (options.shards > 1)
    return shardTurns(
      {
        ...options.leader,
        shards: options.shards,
        clusterResourceNamespace: options.controllers.clusterResourceNamespace ?? '',
      },
      {
        ...context,
        client: createKubeClient({ ...context.connection, component: options.leader.fieldManager }),
        token: randomUUID(),
      },
    );
  return leaderTurns(options.leader, context);
}

const endless: Turn = {
  over: new AbortController().signal,
  client: (direct) => direct,
  adapt: (options) => options,
  end: () => Promise.resolve(),
};

/**
 * After a loss it stands by again instead of ending: an API server that was away for longer than the renew deadline is no
 * reason to have every container restarted.
 */
function leaderTurns(settings: NonNullable<RoleOptions['leader']>, context: RoleContext): Turns {
  const election = createElection(context, settings);
  return {
    async next() {
      const leader = await election.becomeLeader();
      if (leader === undefined) return undefined;
      return {
        over: leader.lost,
        client: (direct) => leader.fence(direct),
        adapt: (options) => options,
        async end() {
          if (leader.lost.aborted)
            context.log.warn(
              { err: leader.lost.reason as unknown },
              'the lease was lost, another instance may be at work: standing by',
            );
          await leader.release();
        },
      };
    },
  };
}
