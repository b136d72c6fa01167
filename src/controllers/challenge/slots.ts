/** Gives slots to Challenges as they become free: hears of every change, and is never driven by a clock alone. */
import { registeredDomain } from '../../acme/budget/registered-domain.ts';
import type { Challenge } from '../../api/challenge.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import type { ControllerContext } from '../context.ts';
import { isFinished, isStuck } from './decide.ts';
import type { Place } from './fair-line.ts';
import type { ChallengeMemory, Memories } from './memory.ts';
import { issuerLane } from '../named-issuer.ts';
import { cachedOrder } from './proof-source.ts';
import { backoff } from './retry.ts';
import { Schedule, type Obstacle } from './schedule.ts';
import { answerOf, laneOf } from './shared-place.ts';
import type { WaitReasons } from './wait-reasons.ts';
import type { ChallengeWork } from './work.ts';

export interface SlotsDeps {
  context: Pick<ControllerContext, 'informers' | 'clock' | 'log'>;
  memories: Memories;
  work: Pick<ChallengeWork, 'refuse' | 'start'>;
  /** Told who waits, and who does not. */
  waits: Pick<WaitReasons, 'begin' | 'end'>;
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
  readonly #schedule: Schedule;
  /** Whose slot is being written down. */
  readonly #starting = new Set<string>();

  constructor(deps: SlotsDeps) {
    this.#deps = deps;
    this.#schedule = new Schedule(deps.max);
  }

  /** Keeps the line; true: somebody may start now. What it reads of a Challenge has changed: this is called, or it is not heard of. */
  observe(key: string, challenge: Challenge | undefined): boolean {
    const schedule = this.#schedule;
    const wasKnown = schedule.isHolding(key) || schedule.isWaiting(key);
    const waits = this.#file(key, challenge);
    if (waits) this.#deps.waits.begin(key);
    else this.#deps.waits.end(key);
    return schedule.isWaiting(key) || (wasKnown && !schedule.isHolding(key));
  }

  /** True: it may take its turn now. */
  #file(key: string, challenge: Challenge | undefined): boolean {
    const schedule = this.#schedule;
    if (challenge === undefined) {
      schedule.drop(key);
      return false;
    }
    const memory = this.#memoryOf(key, challenge);
    if (challenge.status?.processing === true || memory?.unwritten?.processing === true) {
      schedule.hold(this.#placeOf(key, challenge, memory));
      return false;
    }
    const orderState = cachedOrder(this.#deps.context, challenge)?.status?.state;
    if (isFinished({ challenge, orderState })) {
      schedule.drop(key);
      return false;
    }
    const refusedUntilMs = memory?.refusedUntilMs ?? 0;
    const isRefused = refusedUntilMs > this.#deps.context.clock.now();
    schedule.wait(this.#placeOf(key, challenge, memory), isRefused ? refusedUntilMs : 0);
    return !isRefused;
  }

  /** What this process knows of this very object, not of another one of its name. */
  #memoryOf(key: string, { metadata }: Challenge): ChallengeMemory | undefined {
    const memory = this.#deps.memories.peek(key);
    return memory?.uid === (metadata?.uid ?? '') ? memory : undefined;
  }

  /** It has its slot, and its status does not say so yet. */
  #hasStarted(key: string, challenge: Challenge): boolean {
    return this.#memoryOf(key, challenge)?.unwritten?.processing === true;
  }

  /** Its answer is being taken away: nobody begins to put it in place meanwhile. */
  park(challenge: Challenge): void {
    this.#schedule.park({ lane: laneOf(challenge), answer: answerOf(challenge) });
  }

  /** That is over; true: somebody may start now. */
  unpark(challenge: Challenge): boolean {
    return this.#schedule.unpark({ lane: laneOf(challenge), answer: answerOf(challenge) });
  }

  /** Those with a slot. */
  held(): Challenge[] {
    const { challenges } = this.#deps.context.informers;
    return [...this.#schedule.holders()].flatMap((key) => challenges.get(key) ?? []);
  }

  get holding(): number {
    return this.#schedule.holding;
  }
  get waiting(): number {
    return this.#schedule.waiting;
  }
  /** What keeps one that waits from a slot; undefined: nothing, or it does not wait. */
  obstacleOf(key: string): Obstacle | undefined {
    return this.#starting.has(key) ? undefined : this.#schedule.obstacleOf(key);
  }

  /** Fills the free slots. Resolves with when to look again although nothing changes; undefined: there is no need. */
  async fill(): Promise<number | undefined> {
    if (this.#schedule.waiting === 0) return undefined;
    const now = this.#deps.context.clock.now();
    const holding = this.#stays(now);
    const patient = holding
      .filter(({ stuck, since }) => stuck && now - since >= patienceMs)
      .toSorted((a, b) => a.since - b.since);
    const plan = this.#schedule.plan(
      now,
      patient.map(({ key }) => key),
    );
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
    if (this.#schedule.ready === 0) return fallbackMs;
    const patience = holding.map(({ since }) => since + patienceMs - now).filter((left) => left > 0);
    return Math.max(1_000, Math.min(fallbackMs, ...patience));
  }

  /** Since when each has its slot: as many as there are slots, however many wait. */
  #stays(now: number): { key: string; since: number; stuck: boolean }[] {
    const { context, memories } = this.#deps;
    return [...this.#schedule.holders()].flatMap((key) => {
      const challenge = context.informers.challenges.get(key);
      if (challenge === undefined) return [];
      const memory = memories.of(key, challenge.metadata?.uid ?? '');
      // Another process gave it the slot: its patience begins anew.
      memory.heldSinceMs ??= now;
      return [{ key, since: memory.heldSinceMs, stuck: isStuck(memory, now) }];
    });
  }

  async #start(key: string): Promise<boolean> {
    this.#starting.add(key);
    try {
      return await this.#tryStart(key);
    } finally {
      this.#starting.delete(key);
    }
  }

  /** False: it was refused. */
  async #tryStart(key: string): Promise<boolean> {
    const { context, work, memories } = this.#deps;
    const challenge = context.informers.challenges.get(key);
    if (challenge === undefined || challenge.status?.processing === true) return true;
    if (this.#hasStarted(key, challenge)) return true;
    try {
      if ((await work.refuse(key, challenge)) !== undefined) return this.#setBack(key);
      await work.start(key, challenge);
      if (!this.#hasStarted(key, challenge)) return true;
      this.observe(key, challenge);
      this.#deps.enqueue(key);
    } catch (error) {
      // Changed or deleted meanwhile: the watch tells, and then it is looked at anew.
      if (error instanceof ConflictError || error instanceof NotFoundError) return true;
      // One that cannot be read about or written to must not keep the slots from all others.
      const memory = memories.of(key, challenge.metadata?.uid ?? '');
      const waitMs = backoff(++memory.refusals);
      memory.refusedUntilMs = context.clock.now() + waitMs;
      context.log.error({ challenge: key, err: error, retryInMs: waitMs }, 'could not be given a slot');
      return this.#setBack(key);
    }
    return true;
  }

  /** What was refused waits for its time; nothing else tells the line of that. */
  #setBack(key: string): false {
    this.observe(key, this.#deps.context.informers.challenges.get(key));
    return false;
  }

  #askToYield(key: string): void {
    const memory = this.#deps.memories.peek(key);
    if (memory === undefined || memory.yieldAsked) return;
    memory.yieldAsked = true;
    this.#deps.enqueue(key);
  }

  #placeOf(key: string, challenge: Challenge, memory: ChallengeMemory | undefined): Place {
    const { metadata, spec } = challenge;
    const created = Date.parse(metadata?.creationTimestamp ?? '');
    return {
      key,
      issuer: issuerLane(this.#deps.context.informers, metadata?.namespace, spec.issuerRef),
      zone: registeredDomain(spec.dnsName),
      lane: laneOf(challenge),
      answer: answerOf(challenge),
      since: Math.max(Number.isNaN(created) ? 0 : created, memory?.yieldedMs ?? 0),
    };
  }
}
