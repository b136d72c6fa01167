/** One step of a Challenge, from what is known about it: pure (acme.md §7.3). */
import type { Challenge } from '../../api/challenge.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import { parseDuration } from '../../api/duration.ts';
import { challengeFinalizer, legacyChallengeFinalizer } from '../../api/labels.ts';
import { isAnsweredHere } from '../../solvers/answered-here.ts';
import type { ChallengeMemory } from './memory.ts';
import { specWasChanged } from './prove.ts';

export interface ChallengeFacts {
  challenge: Challenge;
  /** State of the Order that controls it; undefined: not known, or there is none. */
  orderState: AcmeState | undefined;
  memory: Readonly<ChallengeMemory>;
  now: number;
}

export type ChallengeStep =
  /** `untilMs` absent: until something changes. */
  | { do: 'wait'; why: string; untilMs?: number }
  /** Take the answer away, then let go of the object. */
  | { do: 'clean-up'; why: string }
  /** There is nothing to take away: remove the finalizers, give back the slot. */
  | { do: 'let-go'; why: string }
  /** From here on the owner chain has to be proven. */
  | { do: 'hold'; why: string }
  /** Take the answer away and go to the end of the line. */
  | { do: 'yield'; why: string }
  | { do: 'ask'; why: string }
  | { do: 'present'; why: string }
  | { do: 'check'; why: string }
  /** No self-check is wanted; `remainingMs` are left of `waitInsteadOfSelfCheck`. */
  | { do: 'wait-instead'; why: string; remainingMs: number }
  | { do: 'accept'; why: string }
  | { do: 'poll'; why: string };

const finalStates: ReadonlySet<AcmeState> = new Set(['valid', 'invalid', 'expired', 'errored']);
const failedStates: ReadonlySet<AcmeState> = new Set(['invalid', 'expired', 'errored']);

export function isFinal(state: AcmeState | undefined): boolean {
  return state !== undefined && finalStates.has(state);
}
export function isFailed(state: AcmeState | undefined): boolean {
  return state !== undefined && failedStates.has(state);
}

/** Nothing more is going to be proven: it is over, being deleted, or its Order has failed. */
export function isFinished({
  challenge,
  orderState,
}: Pick<ChallengeFacts, 'challenge' | 'orderState'>): boolean {
  return (
    challenge.metadata?.deletionTimestamp !== undefined ||
    isFinal(challenge.status?.state) ||
    isFailed(orderState)
  );
}

/**
 * Whether a controller has worked on it. Only the status says so: whoever may create or change Challenges cannot write
 * that, so a Challenge that was refused is let go without a look at its solver.
 */
export function wasTouched({ status }: Challenge): boolean {
  return (
    status?.processing === true ||
    status?.presented === true ||
    status?.presentedAt !== undefined ||
    (status?.cleanUpAttempts ?? 0) > 0
  );
}

/**
 * Whether its answer is made of objects that it owns, or goes with the process. Taking those away is quick and costs nobody
 * else anything; and what a process that was killed has left, and told nobody of, the API server removes with it.
 */
export function ownsWhatItPuts({ spec }: Challenge): boolean {
  const { http01 } = spec.solver;
  if (isAnsweredHere(spec.solver)) return true;
  return spec.type === 'HTTP-01' && http01 !== undefined && (http01.ingress?.name ?? '') === '';
}

export function holdsFinalizer({ metadata }: Challenge): boolean {
  const finalizers = metadata?.finalizers ?? [];
  return finalizers.includes(challengeFinalizer) || finalizers.includes(legacyChallengeFinalizer);
}

/** `spec.solver.waitInsteadOfSelfCheck` in milliseconds; undefined: there is to be a self-check. */
export function waitInstead({ spec }: Challenge): number | undefined {
  const text = spec.solver.waitInsteadOfSelfCheck;
  return text === undefined ? undefined : parseDuration(text);
}

/** Attempts to clean up that a deletion waits for: about half an hour. After that what is left becomes a debt. */
export const cleanUpLimit = 10;
/** Without an answer of the CA for this long after it was told to look, it is told again. */
const acceptAgainMs = 10 * 60_000;
/** A CA that was told to look has this long for it before others may have the slot. */
const caPatienceMs = acceptAgainMs;
/** Whatever it waits for: after this long others come first. */
const longestStayMs = 60 * 60_000;

/** It may take the CA at its word, and its answer must not go meanwhile. */
function isWithCa({ toldMs }: Readonly<ChallengeMemory>, now: number): boolean {
  return toldMs !== undefined && now - toldMs < caPatienceMs;
}

/**
 * Whether it waits for something that only the world can change, so that others may have its slot: an answer that cannot be
 * put or seen, a CA that does not answer or never decides, a wait that its issuer wrote down as half a day.
 */
export function isStuck(memory: Readonly<ChallengeMemory>, now: number): boolean {
  if (isWithCa(memory, now)) return false;
  const { stuck, toldMs, heldSinceMs = now } = memory;
  return stuck || toldMs !== undefined || now - heldSinceMs >= longestStayMs;
}

/** A presented answer is put in place again before a check, but DNS records not more often than this. */
const representMs = { dns: 60_000, other: 0 } as const;

export function decide(facts: ChallengeFacts): ChallengeStep {
  const { challenge, memory, now } = facts;
  const { status } = challenge;
  if (isFinished(facts)) return finish(facts);
  if (status?.processing !== true) return { do: 'wait', why: 'waits for its turn' };
  if (memory.yieldAsked && !isWithCa(memory, now)) return { do: 'yield', why: 'others wait for its slot' };
  if (memory.dueMs > now) return { do: 'wait', why: 'the next attempt is later', untilMs: memory.dueMs };
  const isHeld = challenge.metadata?.finalizers?.includes(challengeFinalizer) === true;
  if (!isHeld && !isAnsweredHere(challenge.spec.solver))
    return { do: 'hold', why: 'nothing is put in place before its removal is certain' };
  if (status.state === undefined) return { do: 'ask', why: 'the state at the CA is not known' };
  if (status.presented !== true) return { do: 'present', why: 'the answer is not in place yet' };
  // What this process answers itself went with the process before it.
  if (memory.presentedMs === undefined)
    return { do: 'present', why: 'another process put the answer in place' };
  if (memory.acceptedMs !== undefined) {
    const lost = status.state === 'pending' && now - memory.acceptedMs >= acceptAgainMs;
    if (!lost) return { do: 'poll', why: 'the CA was told to look' };
  } else if (status.state === 'processing' || !memory.known) {
    return { do: 'poll', why: 'the CA may have been told to look before' };
  }
  const wait = waitInstead(challenge);
  if (wait !== undefined) {
    const presentedMs = Date.parse(status.presentedAt ?? '');
    const remainingMs = Number.isNaN(presentedMs) ? wait : presentedMs + wait - now;
    return remainingMs <= 0
      ? { do: 'accept', why: 'the wait is over' }
      : { do: 'wait-instead', why: 'the wait is not over', remainingMs };
  }
  if (memory.passedMs !== undefined) {
    const readyMs = memory.passedMs + memory.settleMs;
    return readyMs <= now
      ? { do: 'accept', why: 'the self-check has passed' }
      : { do: 'wait', why: 'the CA is given time to see it, too', untilMs: readyMs };
  }
  const dns = challenge.spec.type === 'DNS-01' || challenge.spec.type === 'DNS-PERSIST-01';
  const age = now - memory.presentedMs;
  if (age > representMs[dns ? 'dns' : 'other'] && memory.failures > 0)
    return { do: 'present', why: 'the answer may be gone: it is put in place again' };
  return { do: 'check', why: 'nobody has seen the answer yet' };
}

function finish({ challenge, orderState, memory, now }: ChallengeFacts): ChallengeStep {
  const { metadata, status } = challenge;
  const deleting = metadata?.deletionTimestamp !== undefined;
  const why = deleting
    ? 'it is being deleted'
    : isFinal(status?.state)
      ? `it is ${status?.state}`
      : `its Order is ${orderState}`;
  const held = holdsFinalizer(challenge);
  const isThere = status?.presented === true || memory.tried || (held && wasTouched(challenge));
  const touched = !memory.cleaned && isThere;
  if (touched && specWasChanged(challenge))
    return {
      do: 'let-go',
      why: `${why}, and its spec was changed after it was made: what it put in place is left there`,
    };
  if (touched) {
    // A deletion waits for a bounded number of attempts, and for no other reason.
    const last = deleting && (status?.cleanUpAttempts ?? 0) >= cleanUpLimit;
    if (memory.cleanUpDueMs > now && !last)
      return { do: 'wait', why: 'the next attempt to clean up is later', untilMs: memory.cleanUpDueMs };
    return { do: 'clean-up', why };
  }
  if (held || status?.processing === true) return { do: 'let-go', why };
  return { do: 'wait', why };
}
