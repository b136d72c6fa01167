/** Leader election of a role: waiting, holding, and writing nothing once others may be at work (spec/operations.md §8). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { leaderElectionLease } from '../../api/components.ts';
import { managedBy } from '../../api/labels.ts';
import type { KubeClient } from '../../kube/client.ts';
import { atMostSince, type Moment } from '../../kube/elapsed.ts';
import { guardWrites } from '../../kube/guarded-client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { acquireLease } from '../../kube/lease.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { RoleContext } from './role.ts';

export interface LeaderSettings {
  namespace: string;
  /** Of the Lease. */
  name: string;
  /** Ends the identity: `external-cert-manager-controller`. */
  suffix: string;
  /** Value of the label app.kubernetes.io/managed-by. */
  label: string;
  fieldManager: string;
  durationMs: number;
  renewDeadlineMs: number;
  retryMs: number;
  /** How long after the duration /livez still calls a holder that did not renew alive. */
  healthzTimeoutMs: number;
}

/** What a write meets when somebody else may be at work. */
export class LeadershipLostError extends CliError {
  constructor(lease: string, cause?: unknown) {
    super(
      'cli/lease-lost',
      exitCodes.failed,
      `the lease ${lease} is not ours any more: nothing is written`,
      cause,
    );
  }
}

export interface Leader {
  /** Aborted when the lease is lost: whoever works stops at once. */
  lost: AbortSignal;
  /**
   * A client that refuses to write from the moment on when the lease could have gone to somebody else. Without it, a
   * process that was stopped for a while (SIGSTOP, a machine that was moved) would go on where it was before its timers run.
   */
  fence(client: KubeClient): KubeClient;
  /** Once all work has stopped; also after the lease was lost. */
  release(): Promise<void>;
}

export interface Election {
  /** Resolves when the lease is ours; undefined when asked to stop before. May be called again after a loss. */
  becomeLeader(): Promise<Leader | undefined>;
}

/** Adds the check `leaderElection` to /livez. Asks for nothing yet. */
export function createElection(context: RoleContext, settings: LeaderSettings): Election {
  const { clock, random, log, health, connection, signal } = context;
  const { namespace, name, durationMs, renewDeadlineMs, retryMs } = settings;
  const lease = `${namespace}/${name}`;
  const identity = `${hostname()}-${randomUUID()}-${settings.suffix}`;
  let heldAt: Moment | undefined;
  let holder: string | undefined;
  const silentFor = (): number => (heldAt === undefined ? 0 : atMostSince(clock, heldAt));
  health.addLive({
    name: name === leaderElectionLease ? 'leaderElection' : `leaderElection-${name}`,
    check: () =>
      silentFor() > durationMs + settings.healthzTimeoutMs
        ? `the lease ${lease} was not renewed for ${Math.round(silentFor() / 1000)} s and the work did not end by itself`
        : undefined,
    note: () =>
      heldAt !== undefined
        ? `holding ${lease}`
        : holder === undefined
          ? `waiting for ${lease}`
          : `standing by while ${holder} holds ${lease}`,
  });
  const acquire = async (): Promise<Leader> => {
    const leadership = await acquireLease(
      {
        client: createKubeClient({ ...connection, component: settings.fieldManager }),
        clock,
        random,
        namespace,
        name,
        identity,
        labels: { [managedBy]: settings.label },
        fieldManager: settings.fieldManager,
        durationMs,
        renewDeadlineMs,
        retryMs,
        onHeld: (at) => {
          heldAt = at;
          holder = undefined;
        },
        onError: (err) =>
          log.warn({ err, lease }, 'the lease could not be taken or renewed; it is tried again'),
        onStandby: (other) => {
          holder = other;
          log.info({ lease }, `${other} holds the lease and works: standing by until it stops`);
        },
      },
      signal,
    );
    return {
      lost: leadership.lost,
      fence: (client) =>
        guardWrites(client, () => {
          if (leadership.lost.aborted || silentFor() >= renewDeadlineMs) throw new LeadershipLostError(lease);
        }),
      async release() {
        heldAt = undefined;
        // It expires by itself: others wait a little longer, and nothing else is lost.
        await leadership
          .release()
          .catch((err: unknown) => log.warn({ err, lease }, 'the lease could not be given back; it expires'));
      },
    };
  };
  return {
    async becomeLeader() {
      log.info({ lease }, 'waiting for the lease');
      try {
        const leader = await acquire();
        log.info({ lease }, 'the lease is ours');
        return leader;
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    },
  };
}
