/** Who else is here: each instance keeps a Lease of its own alive, and watches the others' by its own clock. */
import type { Lease } from '../../api/core.ts';
import { leases } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { atLeastSince, momentOf, type Moment } from '../../kube/elapsed.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { microTime } from '../../kube/lease.ts';

/** Value: how many shards the member counts. */
export const memberLabel = 'certwright.dev/shards';

export interface MembershipOptions {
  client: KubeClient;
  clock: Clock;
  namespace: string;
  identity: string;
  /** Name of our own Lease. */
  name: string;
  shards: number;
  durationMs: number;
  fieldManager: string;
}

export interface Members {
  /** Identities, our own included. */
  alive: readonly string[];
  /** Somebody counts another number of shards: nobody may work until all agree. */
  disagree: string | undefined;
}

export class Membership {
  readonly #options: MembershipOptions;
  #own: Lease | undefined;
  readonly #seen = new Map<string, { version: string; at: Moment }>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Tells others that we are here, and answers who they are. @throws KubeError */
  async meet(signal: AbortSignal): Promise<Members> {
    const { client, clock, namespace, shards, durationMs, identity } = this.#options;
    await this.#renew(signal);
    const { items } = await client.list<Lease>(leases, { namespace, labelSelector: memberLabel, signal });
    const now = momentOf(clock);
    const alive: string[] = [identity];
    let disagree: string | undefined;
    for (const { metadata, spec } of items) {
      const [name, version, holder] = [
        metadata?.name ?? '',
        metadata?.resourceVersion ?? '',
        spec?.holderIdentity ?? '',
      ];
      if (holder === identity || holder === '') continue;
      const before = this.#seen.get(name);
      // The first sight of a Lease says nothing of its age; for a while a dead member counts as alive, which costs time only.
      const seen = before?.version === version ? before : { version, at: now };
      this.#seen.set(name, seen);
      const silentMs = atLeastSince(clock, seen.at);
      if (silentMs >= durationMs) {
        if (silentMs >= 10 * durationMs) await this.#bury(name, version, signal);
        continue;
      }
      alive.push(holder);
      const counts = metadata?.labels?.[memberLabel];
      if (counts !== String(shards))
        disagree = `${holder} counts ${counts ?? 'no'} shards, we count ${shards}`;
    }
    const names = new Set(items.map(({ metadata }) => metadata?.name ?? ''));
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name);
    return { alive, disagree };
  }

  /** @throws KubeError */
  async leave(): Promise<void> {
    const { client, namespace, name } = this.#options;
    await client.delete(leases, { namespace, name }).catch(ignoreNotFound);
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, name, identity, shards, durationMs, fieldManager } = this.#options;
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...this.#own?.metadata, namespace, name, labels: { [memberLabel]: String(shards) } },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(durationMs / 1000),
        renewTime: microTime(clock.now()),
      },
    };
    const write = { fieldManager, signal };
    try {
      this.#own =
        this.#own === undefined
          ? await client.create(leases, lease, write)
          : await client.update(leases, lease, write);
    } catch (error) {
      // Buried by somebody who took us for dead, or written without our hearing of it: look, and write at the next turn.
      this.#own = await client.get<Lease>(leases, { namespace, name }, signal).catch((gone: unknown) => {
        ignoreNotFound(gone);
        return undefined;
      });
      throw error;
    }
  }

  async #bury(name: string, resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options;
    const options = { preconditions: { resourceVersion }, signal };
    await client.delete(leases, { namespace, name }, options).catch(ignoreNotFound);
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}
