/** Gives slots to Challenges as they become free: hears of every change, and is never driven by a clock alone. */
import { registeredDomain } from '../../acme/budget/registered-domain.ts';
import type { Challenge } from '../../api/challenge.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { issuerIndexKey, type ControllerContext } from '../context.ts';
import { isFinished, isStuck } from './decide.ts';
import type { Memories } from './memory.ts';
import { cachedOrder, issuerOf } from './proof-source.ts';
import { backoff } from './retry.ts';
import { schedule, type Holding, type Waiting } from './schedule.ts';
import type { Removals } from './shared-place.ts';
import type { ChallengeWork } from './work.ts';

export interface SlotsDeps {
  context: ControllerContext;
  memories: Memories;
  work: ChallengeWork;
  removals: Removals;
  max: number;
  /** Asks for a Challenge to be worked on. */
  enqueue(key: string): void;
}

/** A stuck Challenge keeps its slot for so long while others wait for it. */
export const patienceMs = 5 * 60_000;
/** Looked at again although nothing seems to have changed: refusals, and what no event tells. */
const fallbackMs = 30_000;
/** Status writes at the same time. */
const startsAtOnce = 8;

export class Slots {
  readonly #deps: SlotsDeps;
  /** Not finished, without a slot. */
  readonly #waiting = new Set<string>();
  /** With a slot, finished or not. */
  readonly #holding = new Set<string>();

  constructor(deps: SlotsDeps) {
    this.#deps = deps;
  }

  /** Keeps the two sets; true: somebody may start now. */
  observe(key: string, challenge: Challenge | undefined): boolean {
    const held = this.#holding.has(key);
    if (challenge === undefined) {
      this.#waiting.delete(key);
      return this.#holding.delete(key);
    }
    if (challenge.status?.processing === true || this.#hasStarted(key, challenge)) {
      this.#waiting.delete(key);
      this.#holding.add(key);
      return false;
    }
    this.#holding.delete(key);
    const orderState = cachedOrder(this.#deps.context, challenge)?.status?.state;
    if (isFinished({ challenge, orderState })) {
      this.#waiting.delete(key);
      return held;
    }
    this.#waiting.add(key);
    return true;
  }

  /** It has its slot, and its status does not say so yet. */
  #hasStarted(key: string, { metadata }: Challenge): boolean {
    const memory = this.#deps.memories.peek(key);
    return memory?.uid === metadata?.uid && memory?.unwritten?.processing === true;
  }

  /** Those with a slot. */
  held(): Challenge[] {
    const { challenges } = this.#deps.context.informers;
    return [...this.#holding].flatMap((key) => challenges.get(key) ?? []);
  }

  get holding(): number {
    return this.#holding.size;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Fills the free slots. Resolves with when to look again although nothing changes; undefined: there is no need. */
  async fill(): Promise<number | undefined> {
    if (this.#waiting.size === 0) return undefined;
    const { max, context } = this.#deps;
    const now = context.clock.now();
    if (this.#holding.size >= max && !this.#anyPatient(now)) return fallbackMs;
    const waiting = [...this.#waiting].flatMap((key) => this.#waitingOf(key, now));
    if (waiting.length === 0) return fallbackMs;
    const holding = [...this.#holding].flatMap((key) => this.#holdingOf(key, now));
    const plan = schedule({ waiting, holding, max, now, patienceMs });
    for (const key of plan.yield) this.#askToYield(key);
    let refused = false;
    for (let at = 0; at < plan.start.length; at += startsAtOnce) {
      const answers = await Promise.all(
        plan.start.slice(at, at + startsAtOnce).map((key) => this.#start(key)),
      );
      refused ||= answers.includes(false);
    }
    // Whoever was refused took nobody's slot: the next in line may have it.
    if (refused) return 0;
    const longest = Math.min(...holding.map(({ since }) => since));
    return Math.min(fallbackMs, Math.max(1_000, longest + patienceMs - now));
  }

  /** Whether there is a stuck one whose time is up. */
  #anyPatient(now: number): boolean {
    for (const key of this.#holding)
      if (this.#holdingOf(key, now).some(({ stuck, since }) => stuck && now - since >= patienceMs))
        return true;
    return false;
  }

  /** False: it was refused. */
  async #start(key: string): Promise<boolean> {
    const { context, work } = this.#deps;
    const challenge = context.informers.challenges.get(key);
    if (challenge === undefined || challenge.status?.processing === true) return true;
    if (this.#hasStarted(key, challenge)) return true;
    try {
      if ((await work.refuse(key, challenge)) !== undefined) return false;
      await work.start(key, challenge);
      if (!this.#hasStarted(key, challenge)) return true;
      this.observe(key, challenge);
      this.#deps.enqueue(key);
    } catch (error) {
      // Changed or deleted meanwhile: the watch tells, and then it is looked at anew.
      if (error instanceof ConflictError || error instanceof NotFoundError) return true;
      // One that cannot be read about or written to must not keep the slots from all others.
      const memory = this.#deps.memories.of(key, challenge.metadata?.uid ?? '');
      const waitMs = backoff(++memory.refusals);
      memory.refusedUntilMs = context.clock.now() + waitMs;
      context.log.error({ challenge: key, err: error, retryInMs: waitMs }, 'could not be given a slot');
      return false;
    }
    return true;
  }

  #askToYield(key: string): void {
    const memory = this.#deps.memories.peek(key);
    if (memory === undefined || memory.yieldAsked) return;
    memory.yieldAsked = true;
    this.#deps.enqueue(key);
  }

  #waitingOf(key: string, now: number): Waiting[] {
    const { context, memories, removals } = this.#deps;
    const challenge = context.informers.challenges.get(key);
    if (challenge === undefined) return [];
    const memory = memories.of(key, challenge.metadata?.uid ?? '');
    if (memory.refusedUntilMs > now || removals.isRunning(challenge)) return [];
    const created = Date.parse(challenge.metadata?.creationTimestamp ?? '');
    return [
      {
        ...placeOf(context, key, challenge),
        since: Math.max(Number.isNaN(created) ? now : created, memory.yieldedMs ?? 0),
      },
    ];
  }

  #holdingOf(key: string, now: number): Holding[] {
    const { context, memories } = this.#deps;
    const challenge = context.informers.challenges.get(key);
    if (challenge === undefined) return [];
    const memory = memories.of(key, challenge.metadata?.uid ?? '');
    // Another process gave it the slot: its patience begins anew.
    memory.heldSinceMs ??= now;
    const place = placeOf(context, key, challenge);
    return [{ ...place, since: memory.heldSinceMs, stuck: isStuck(memory, now) }];
  }
}

function placeOf(
  context: Pick<ControllerContext, 'informers'>,
  key: string,
  challenge: Challenge,
): { key: string; issuer: string; zone: string; lane: string } {
  const { metadata, spec } = challenge;
  return {
    key,
    // Issuers that strangers make up share one place: each of them would come before those that hold a slot already.
    issuer:
      issuerOf(context, challenge) === undefined
        ? ''
        : issuerIndexKey(metadata?.namespace ?? '', spec.issuerRef),
    zone: registeredDomain(spec.dnsName),
    lane: `${spec.dnsName.toLowerCase()} ${spec.type}`,
  };
}
