/** Leader election of a role: waiting, holding, and writing nothing once others may be at work (spec/operations.md §8). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { managedBy } from '../../api/labels.ts';
import type { KubeClient } from '../../kube/client.ts';
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

/** Somebody else may be at work: this process has to end, and a new one to stand by. */
export class LeadershipLostError extends CliError {
  constructor(lease: string, cause?: unknown) {
    super(
      'cli/lease-lost',
      exitCodes.failed,
      `the lease ${lease} was lost, another instance may be at work: ending`,
      cause,
    );
  }
}

export interface Leader {
  /** Aborted when the lease is lost. */
  lost: AbortSignal;
  /**
   * A client that refuses to write from the moment on when the lease could have gone to somebody else. Without it, a
   * process that was stopped for a while (SIGSTOP, a machine that was moved) would go on where it was before its timers run.
   */
  fence(client: KubeClient): KubeClient;
  /** Once all work has stopped. */
  release(): Promise<void>;
}

/** Resolves when the lease is ours; undefined when asked to stop before. Adds the check `leaderElection` to /livez. */
export async function becomeLeader(
  context: RoleContext,
  settings: LeaderSettings,
): Promise<Leader | undefined> {
  const { clock, random, log, health, connection, signal } = context;
  const { namespace, name, durationMs, renewDeadlineMs, retryMs } = settings;
  const lease = `${namespace}/${name}`;
  let heldAt: number | undefined;
  let holder: string | undefined;
  const silentFor = (): number => (heldAt === undefined ? 0 : clock.now() - heldAt);
  health.addLive({
    name: name === 'cert-manager-controller' ? 'leaderElection' : `leaderElection-${name}`,
    check: () =>
      silentFor() > durationMs + settings.healthzTimeoutMs
        ? `the lease ${lease} was not renewed for ${Math.round(silentFor() / 1000)} s and this process did not end by itself`
        : undefined,
    note: () =>
      heldAt !== undefined
        ? `holding ${lease}`
        : holder === undefined
          ? `waiting for ${lease}`
          : `standing by while ${holder} holds ${lease}`,
  });
  log.info({ lease }, 'waiting for the lease');
  try {
    const leadership = await acquireLease(
      {
        client: createKubeClient({ ...connection, component: settings.fieldManager }),
        clock,
        random,
        namespace,
        name,
        identity: `${hostname()}-${randomUUID()}-${settings.suffix}`,
        labels: { [managedBy]: settings.label },
        fieldManager: settings.fieldManager,
        durationMs,
        renewDeadlineMs,
        retryMs,
        onHeld: (atMs) => {
          heldAt = atMs;
        },
        onError: (err) => log.warn({ err }, 'the lease could not be taken or renewed; it is tried again'),
        onStandby: (identity) => {
          holder = identity;
          log.info({ holder }, `${identity} holds the lease and works; waiting until it stops to renew it`);
        },
      },
      signal,
    );
    log.info({ lease }, 'the lease is ours');
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
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
