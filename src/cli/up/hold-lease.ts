/** Holds the leader election Lease of the API that `certwright up` serves, so that a `certwright controller` waits. */
import { leaderElectionComponent, leaderElectionLease } from '../../api/components.ts';
import type { Lease } from '../../api/core.ts';
import { managedBy, managedByController } from '../../api/labels.ts';
import { leases } from '../../api/resources.ts';
import type { Log } from '../../controllers/context.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { microTime } from '../../kube/lease.ts';

/** Where the controller looks by default (spec/certificate-lifecycle.md §2). */
export const leaseNamespace = 'kube-system';
/** The lock of the data folder admits one process to its database, so that one name can only mean that process. */
export const upIdentity = 'certwright-up';

/**
 * Long, because nobody needs the Lease soon after us: when this process ends, so does the API that others would work on.
 * One write a minute keeps the database as it is (what is superseded leaves it every five minutes) and the machine idle.
 */
const durationMs = 5 * 60_000;
const renewMs = 60_000;
const retryMs = 5_000;

export interface HeldLease {
  /** Resolves when the write under way, if any, has ended. The Lease stays ours: only a next `up` can want it. */
  stop(): Promise<void>;
}

/**
 * Resolves when the Lease is ours, or when writing it failed, which is logged and tried again: a full disk keeps nobody
 * from reading. It never waits for an earlier holder: whoever it was worked through an API that this process serves, and
 * leaves when its next renewal fails.
 */
export async function holdLease(options: { client: KubeClient; clock: Clock; log: Log }): Promise<HeldLease> {
  const { client, clock, log } = options;
  let timer: Timer | undefined;
  let stopped = false;
  let underWay = Promise.resolve();

  const renew = async (): Promise<void> => {
    const current = await find(client);
    const before = current?.spec?.holderIdentity ?? '';
    if (before !== '' && before !== upIdentity) {
      log.warn(
        { holder: before },
        `${before} held the Lease ${leaseNamespace}/${leaderElectionLease} of this API; it is taken over, as the controllers of certwright up work here`,
      );
    }
    await client.apply<Lease>(leases, renewed(current, clock.now()), {
      fieldManager: leaderElectionComponent,
      force: true,
    });
  };
  const run = async (): Promise<void> => {
    let delayMs = renewMs;
    try {
      await renew();
    } catch (err) {
      log.warn({ err }, 'the Lease of this API could not be written; it is tried again');
      delayMs = retryMs;
    }
    if (stopped) return;
    timer = clock.after(delayMs, () => {
      underWay = run();
    });
  };
  await run();
  return {
    async stop() {
      stopped = true;
      timer?.cancel();
      await underWay;
    },
  };
}

async function find(client: KubeClient): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(leases, { namespace: leaseNamespace, name: leaderElectionLease });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function renewed(current: Lease | undefined, nowMs: number): Lease {
  const now = microTime(nowMs);
  const ours = current?.spec?.holderIdentity === upIdentity;
  const transitions = current?.spec?.leaseTransitions ?? 0;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leaderElectionLease,
      namespace: leaseNamespace,
      labels: { [managedBy]: managedByController },
    },
    spec: {
      holderIdentity: upIdentity,
      leaseDurationSeconds: durationMs / 1000,
      acquireTime: ours ? (current?.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: ours || current === undefined ? transitions : transitions + 1,
    },
  };
}
