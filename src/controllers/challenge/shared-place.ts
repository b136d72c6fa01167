/**
 * Two Challenges with one answer: a replaced one (the issuer's solvers were edited) or that of another Order for the same
 * authorization (RFC 8555 §7.1.4) has the token and the key of its successor. Where both lead to one record or one path,
 * whoever takes the first away takes the second, too.
 */
import type { Challenge } from '../../api/challenge.ts';
import { isFinal, ownsWhatItPuts } from './decide.ts';

/** What two Challenges have to have in common never to work at the same time: name and type. */
export function laneOf({ spec }: Challenge): string {
  return JSON.stringify([spec.type, spec.dnsName.toLowerCase()]);
}

/**
 * What two Challenges have to have in common to be answered by the same thing. Names and keys are any text here: however
 * they are cut, no two of them make one answer, which is in one lane.
 */
export function answerOf({ spec }: Challenge): string {
  return JSON.stringify([spec.type, spec.dnsName.toLowerCase(), spec.key]);
}

/**
 * The Challenge that answers with what `challenge` put in place; `holding`: those with a slot, which only those get whose
 * key was proven to be of their issuer's account, so that no stranger keeps an answer in place. Undefined also for what
 * a Challenge owns, which goes by UID. Solvers need not be equal: two of them may lead to one zone.
 */
export function presenterOf(challenge: Challenge, holding: Iterable<Challenge>): Challenge | undefined {
  if (ownsWhatItPuts(challenge)) return undefined;
  const answer = answerOf(challenge);
  for (const other of holding) {
    const { metadata, status } = other;
    if (metadata?.uid === challenge.metadata?.uid || metadata?.deletionTimestamp !== undefined) continue;
    if (!isFinal(status?.state) && answerOf(other) === answer) return other;
  }
  return undefined;
}

export interface RemovalsObserver {
  /** The answer of this one is being taken away; not told again while it is. */
  began(challenge: Challenge): void;
  /** It is not any more. */
  ended(challenge: Challenge): void;
}

/** Answers that are being taken away right now: nobody begins to put one of them in place meanwhile. */
export class Removals {
  readonly #running = new Map<string, number>();
  readonly #observer: RemovalsObserver;

  constructor(observer: RemovalsObserver) {
    this.#observer = observer;
  }

  async run(challenge: Challenge, remove: () => Promise<void>): Promise<void> {
    const answer = answerOf(challenge);
    const others = this.#running.get(answer) ?? 0;
    this.#running.set(answer, others + 1);
    if (others === 0) this.#observer.began(challenge);
    try {
      await remove();
    } finally {
      const left = (this.#running.get(answer) ?? 1) - 1;
      if (left > 0) this.#running.set(answer, left);
      else {
        this.#running.delete(answer);
        this.#observer.ended(challenge);
      }
    }
  }
}
