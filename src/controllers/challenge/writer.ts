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
import { forgetUnwritten, type ChallengeMemory } from './memory.ts';
import { statusPatch, withChange, type StatusChange } from './status.ts';

const component = componentOf('challenges');

/** A state that is over by then is written with what comes after it. */
const soonMs = 5_000;

type Context = Pick<ControllerContext, 'client' | 'clock' | 'events' | 'informers'>;

export class ChallengeWriter {
  readonly #context: Context;
  /** What views of Challenges were made of. */
  readonly #sources = new WeakMap<Challenge, { stored: Challenge; memory: ChallengeMemory }>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** The Challenge as it is once everything is written that is to be. */
  view(stored: Challenge, memory: ChallengeMemory): Challenge {
    if (memory.unwritten === undefined) return stored;
    const view = { ...stored, status: withChange(stored.status, memory.unwritten) };
    this.#sources.set(view, { stored, memory });
    return view;
  }

  /**
   * Says it with the next write, at the latest in five seconds: most challenges are over by then. Only for what a process
   * that comes after this one can do without. @param news the event that goes with it, unless it is over by then
   */
  soon(memory: ChallengeMemory, change: StatusChange, news?: { reason: string; message: string }): void {
    memory.unwritten = later(memory.unwritten, change);
    memory.unwrittenUntilMs ??= this.#context.clock.now() + soonMs;
    if (news !== undefined) memory.news.push(news);
  }

  /**
   * Nothing is written where nothing changes. Rejects with a ConflictError where somebody else wrote the status first; a
   * change of metadata, or a solver's note of what it wrote where, is no reason to do everything again.
   */
  async status(challenge: Challenge, change: StatusChange): Promise<Challenge> {
    const { stored = challenge, memory } = this.#sources.get(challenge) ?? {};
    const status = statusPatch(stored, later(memory?.unwritten, change));
    const written = status === undefined ? stored : await this.#write(stored, status);
    // What is not in place any more needs not be told to have been put there.
    const news = written.status?.presented === true ? (memory?.news ?? []) : [];
    if (memory !== undefined) forgetUnwritten(memory);
    if (status !== undefined) this.#context.informers.challenges.observe(written);
    for (const { reason, message } of news) this.tell(written, 'Normal', reason, message);
    return written;
  }

  async #write(challenge: Challenge, status: StatusChange): Promise<Challenge> {
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
    return this.#context.client.patch<Challenge>(
      resource,
      keyOf(challenge),
      'merge',
      { metadata: { uid, resourceVersion }, status },
      { fieldManager: component, subresource: 'status' },
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

/** Both, where they differ the second. */
function later(first: StatusChange | undefined, second: StatusChange): StatusChange {
  return {
    ...first,
    ...Object.fromEntries(Object.entries(second).filter(([, value]) => value !== undefined)),
  };
}

function foreign(finalizers: readonly string[]): string[] {
  return finalizers.filter((one) => one !== challengeFinalizer && one !== legacyChallengeFinalizer);
}

function keyOf({ metadata }: Challenge): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}
