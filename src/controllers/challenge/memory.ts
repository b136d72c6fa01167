/** What this process remembers of a Challenge and the API does not: losing it costs a call, never a wrong one. */
import type { ChallengeStatus } from '../../api/challenge.ts';
import type { StatusChange } from './status.ts';

export interface ChallengeMemory {
  uid: string;
  /** Nothing is done before. Milliseconds since the epoch. */
  dueMs: number;
  /** The same for taking the answer away. */
  cleanUpDueMs: number;
  /** Attempts to take the answer away that failed. */
  cleanUps: number;
  /** Failures in a row of the same kind of attempt. */
  failures: number;
  /** Answers of the CA in a row that made no sense. */
  faults: number;
  /** Since when it has its slot, as far as this process knows. */
  heldSinceMs?: number;
  /** When it gave its slot up to others. */
  yieldedMs?: number;
  /** When this process last put its answer in place. */
  presentedMs?: number;
  /** This process has read the state of the challenge at the CA, and nobody had accepted it yet. */
  known: boolean;
  /** What the CA offers for DNS-PERSIST-01 (`SolverContext.issuerDomainNames`), as last read. */
  issuerDomainNames?: readonly string[];
  /** When the CA was told to look. */
  acceptedMs?: number;
  /** The first time of those since it has its slot. */
  toldMs?: number;
  /** How often the CA was asked since. */
  polls: number;
  /** When the self-check first passed, and how long to wait since then. */
  passedMs?: number;
  settleMs: number;
  /** The last attempt to present it, to check it or to ask the CA failed: it may yield its slot. */
  stuck: boolean;
  /** Others wait for its slot, and it is to give it up. */
  yieldAsked: boolean;
  /** Its Order or issuer stands in its way: news of those end the wait. */
  blocked: boolean;
  /** It was refused, and is not looked at again before, unless something changes. */
  refusedUntilMs: number;
  /** How often in a row it was refused. */
  refusals: number;
  /** The Secrets of its solver as they were when it last failed to put its answer in place or to take it away, and when. */
  failedWith?: string;
  failedMs?: number;
  /** What its status is to say with the next write, or by itself after `unwrittenUntilMs`; and what is told then. */
  unwritten?: StatusChange;
  unwrittenUntilMs?: number;
  news: { reason: string; message: string }[];
  /** This process has tried to put its answer in place, and has not taken it away since: a part may be there. */
  tried: boolean;
  /** Its answer was taken away, and nothing was put in place since. */
  cleaned: boolean;
  /** What the last self-check saw, until it is written. */
  checks?: NonNullable<ChallengeStatus['checks']>;
  /** UID of the Order whose own owner was proven. */
  provenOrder?: string;
}

export class Memories {
  readonly #entries = new Map<string, ChallengeMemory>();

  /** Of the object that has the key now: another one of the same name starts anew. */
  of(key: string, uid: string): ChallengeMemory {
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known;
    const fresh: ChallengeMemory = {
      uid,
      dueMs: 0,
      cleanUpDueMs: 0,
      cleanUps: 0,
      failures: 0,
      faults: 0,
      known: false,
      polls: 0,
      settleMs: 0,
      stuck: false,
      yieldAsked: false,
      blocked: false,
      refusedUntilMs: 0,
      refusals: 0,
      news: [],
      tried: false,
      cleaned: false,
    };
    this.#entries.set(key, fresh);
    return fresh;
  }
  peek(key: string): ChallengeMemory | undefined {
    return this.#entries.get(key);
  }
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** The clock was set: what lies a minute ahead or behind lies there still. */
  shift(byMs: number): void {
    for (const memory of this.#entries.values())
      for (const field of times) {
        const at = memory[field];
        if (at !== undefined && at !== 0) memory[field] = at + byMs;
      }
  }
}

/** Of the fields, the moments. */
const times = [
  'dueMs',
  'cleanUpDueMs',
  'heldSinceMs',
  'yieldedMs',
  'presentedMs',
  'acceptedMs',
  'toldMs',
  'passedMs',
  'refusedUntilMs',
  'failedMs',
  'unwrittenUntilMs',
] as const satisfies readonly (keyof ChallengeMemory)[];

/** What belongs to one stay in a slot: it begins anew with the next one. */
export function leaveSlot(memory: ChallengeMemory): void {
  memory.heldSinceMs = undefined;
  memory.presentedMs = undefined;
  memory.acceptedMs = undefined;
  memory.toldMs = undefined;
  memory.passedMs = undefined;
  memory.settleMs = 0;
  memory.polls = 0;
  memory.failures = 0;
  memory.faults = 0;
  memory.stuck = false;
  memory.yieldAsked = false;
  memory.checks = undefined;
  memory.known = false;
  forgetUnwritten(memory);
}

export function forgetUnwritten(memory: ChallengeMemory): void {
  memory.unwritten = undefined;
  memory.unwrittenUntilMs = undefined;
  memory.news = [];
}
