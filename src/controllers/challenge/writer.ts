/** The writes of a Challenge: status, finalizers, events; each answer goes straight into the cache. */
import { isDeepStrictEqual } from 'node:util';
import type { Challenge } from '../../api/challenge.ts';
import { componentOf } from '../../api/components.ts';
import { challengeFinalizer, legacyChallengeFinalizer } from '../../api/labels.ts';
import type { KubeObject } from '../../api/meta.ts';
import { apiVersionOf, challenges as resource } from '../../api/resources.ts';
import { ConflictError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import type { ControllerContext } from '../context.ts';
import { statusPatch, type StatusChange } from './status.ts';

const component = componentOf('challenges');

export class ChallengeWriter {
  readonly #context: Pick<ControllerContext, 'client' | 'events' | 'informers'>;

  constructor(context: Pick<ControllerContext, 'client' | 'events' | 'informers'>) {
    this.#context = context;
  }

  /**
   * Nothing is written where nothing changes. Rejects with a ConflictError where somebody else wrote the status first; a
   * change of metadata, or a solver's note of what it wrote where, is no reason to do everything again.
   */
  async status(challenge: Challenge, change: StatusChange): Promise<Challenge> {
    const status = statusPatch(challenge, change);
    if (status === undefined) return challenge;
    try {
      return await this.#patchStatus(challenge, status);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const live = await this.#context.client.get<Challenge>(resource, keyOf(challenge));
      const same =
        live.metadata?.uid === challenge.metadata?.uid &&
        isDeepStrictEqual(ownPart(live), ownPart(challenge));
      if (!same) throw error;
      return this.#patchStatus(live, status);
    }
  }

  async #patchStatus(challenge: Challenge, status: StatusChange): Promise<Challenge> {
    const { uid, resourceVersion } = challenge.metadata ?? {};
    return this.#observe(
      await this.#context.client.patch<Challenge>(
        resource,
        keyOf(challenge),
        'merge',
        { metadata: { uid, resourceVersion }, status },
        { fieldManager: component, subresource: 'status' },
      ),
    );
  }

  /** The UID keeps an object that was deleted meanwhile from being made anew (acme.md §7.2). */
  async hold(challenge: Challenge): Promise<Challenge> {
    const { uid, finalizers = [] } = challenge.metadata ?? {};
    if (finalizers.includes(legacyChallengeFinalizer))
      return this.#finalizers(challenge, [...foreign(finalizers), challengeFinalizer]);
    const object: KubeObject = {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: { ...keyOf(challenge), uid, finalizers: [challengeFinalizer] },
    };
    const options = { fieldManager: component, force: true };
    return this.#observe((await this.#context.client.apply(resource, object, options)) as Challenge);
  }

  /** Removes ours, keeps those of others. */
  async letGo(challenge: Challenge): Promise<Challenge> {
    const finalizers = challenge.metadata?.finalizers ?? [];
    const kept = foreign(finalizers);
    return kept.length === finalizers.length ? challenge : this.#finalizers(challenge, kept);
  }

  async #finalizers(challenge: Challenge, finalizers: readonly string[]): Promise<Challenge> {
    const { uid, resourceVersion } = challenge.metadata ?? {};
    return this.#observe(
      await this.#context.client.patch<Challenge>(
        resource,
        keyOf(challenge),
        'merge',
        { metadata: { uid, resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers } },
        { fieldManager: component },
      ),
    );
  }

  tell(challenge: Challenge, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(referenceTo(resource, challenge), component, type, reason, message);
  }

  #observe(written: Challenge): Challenge {
    this.#context.informers.challenges.observe(written);
    return written;
  }
}

/** The status without what solvers write. */
function ownPart({ status }: Challenge): object {
  const { writtenNames: _theirs, ...ours } = status ?? {};
  return ours;
}

function foreign(finalizers: readonly string[]): string[] {
  return finalizers.filter((one) => one !== challengeFinalizer && one !== legacyChallengeFinalizer);
}

function keyOf({ metadata }: Challenge): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}
