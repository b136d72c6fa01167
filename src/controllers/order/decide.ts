/** What to do about one Order now: pure, over everything known (acme.md §5; ladder with the additions that README.md names). */
import type { Challenge } from '../../api/challenge.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import type { Order, OrderStatus } from '../../api/order.ts';
import type { Solver } from '../../api/solver.ts';
import { OverrideError } from './solver-overrides.ts';
import { SolverChoiceError, wantedChallenge, type WantedChallenge } from './new-challenge.ts';
import { longestPollMs } from './order-memory.ts';

export interface OrderFacts {
  order: Order;
  /** `valid`, and its certificate is stored. */
  issued: boolean;
  /** Those that it controls. */
  challenges: readonly Challenge[];
  /** Solvers of its issuer. */
  solvers: readonly Solver[];
  /** The CA was told to issue, as this process remembers: how that goes is what there is to ask. */
  finalizing?: boolean;
  /** The CA is not asked again how the order stands before. Milliseconds since the epoch. */
  pollAtMs?: number;
  /** Why no call may be made for it yet: no proven owner, no issuer, no account. Undefined: calls may be made. */
  blocked?: Blocked;
  /** Milliseconds since the epoch. */
  now: number;
}

export interface Blocked {
  /** For `status.reason`. */
  reason: string;
  /** Look again by itself after this long; absent: an event will come. Milliseconds. */
  againMs?: number;
  /** Reason of a Warning event; absent: none. */
  event?: string;
}

/** `why` is for the log. */
export type OrderDecision =
  | { do: 'nothing'; why: string }
  | { do: 'wait'; why: string; untilMs: number }
  | { do: 'blocked'; blocked: Blocked; why: string }
  | { do: 'create'; why: string }
  | { do: 'fetch-order'; why: string }
  | { do: 'fetch-authorizations'; urls: readonly string[]; why: string }
  | { do: 'fetch-certificate'; why: string }
  | { do: 'finalize'; why: string }
  | { do: 'create-challenges'; wanted: readonly WantedChallenge[]; why: string }
  | { do: 'delete-challenges'; challenges: readonly Challenge[]; why: string }
  /** No solver fits; the next change of issuer or Order may. */
  | { do: 'no-solver'; problem: string; why: string }
  /**
   * Ask the CA how the order stands. `failed`: a Challenge that failed, which ends the Order where the CA does not say so;
   * `early`: it may still be `pending` for a moment.
   */
  | { do: 'check-order'; failed?: Challenge; early: boolean; why: string };

const failures: ReadonlySet<AcmeState> = new Set(['invalid', 'expired', 'errored']);

export function isFailure(state: AcmeState | undefined): boolean {
  return state !== undefined && failures.has(state);
}

/** A hand or a CA that is out of its mind shall not put an Order to sleep for longer than this. */
const longestHoldMs = 7 * 24 * 3_600_000;

export function decide(facts: OrderFacts): OrderDecision {
  const { order, challenges, now } = facts;
  const status: OrderStatus = order.status ?? {};
  if (order.metadata?.deletionTimestamp !== undefined) return nothing('is being deleted');
  if (isFailure(status.state)) return afterFailure(challenges);
  if (facts.issued) {
    const left = challenges.filter(isThere);
    return left.length === 0 ? nothing('has its certificate') : remove(left, 'the certificate is there');
  }
  if (facts.blocked !== undefined)
    return { do: 'blocked', blocked: facts.blocked, why: facts.blocked.reason };
  const held = Date.parse(status.nextAttemptAt ?? '');
  if (held > now) {
    const untilMs = Math.min(held, now + longestHoldMs);
    return { do: 'wait', untilMs, why: `waits until ${status.nextAttemptAt ?? ''}` };
  }
  return untilFinal(facts, status);
}

function untilFinal(facts: OrderFacts, status: OrderStatus): OrderDecision {
  const { url = '', finalizeURL = '', state, authorizations = [] } = status;
  if (url === '') return { do: 'create', why: 'the CA does not know it yet' };
  if (finalizeURL === '' || state === undefined)
    return { do: 'fetch-order', why: 'its state at the CA is not known' };
  if (state === 'valid') return { do: 'fetch-certificate', why: 'the CA has issued' };
  if (state === 'processing' || facts.finalizing === true) return check(facts, 'the CA is issuing');
  if (state === 'ready') return { do: 'finalize', why: 'everything is proven' };
  const unknown = authorizations.filter(({ identifier = '' }) => identifier === '').map((each) => each.url);
  if (unknown.length > 0)
    return { do: 'fetch-authorizations', urls: unknown, why: 'not all authorizations are known' };
  return prove(facts, status);
}

function prove(facts: OrderFacts, { authorizations = [] }: OrderStatus): OrderDecision {
  const { order, solvers } = facts;
  const challenges = facts.challenges.filter(isThere);
  const open = authorizations.filter(({ initialState }) => initialState !== 'valid');
  const dead = open.find(({ initialState }) => isFailure(initialState));
  if (dead !== undefined)
    return {
      do: 'check-order',
      early: false,
      why: `the authorization of ${dead.identifier ?? ''} was ${dead.initialState ?? ''} from the beginning`,
    };
  let wanted: WantedChallenge[];
  try {
    wanted = open.map((authorization) => wantedChallenge(order, authorization, solvers));
  } catch (error) {
    if (!(error instanceof SolverChoiceError) && !(error instanceof OverrideError)) throw error;
    return { do: 'no-solver', problem: error.message, why: error.message };
  }
  const names = new Set(wanted.map(({ name }) => name));
  const present = new Set(facts.challenges.map(({ metadata }) => metadata?.name));
  const missing = wanted.filter(({ name }) => !present.has(name));
  if (missing.length > 0)
    return { do: 'create-challenges', wanted: missing, why: `${missing.length} names are to be proven` };
  const stale = challenges.filter(({ metadata }) => !names.has(metadata?.name ?? ''));
  if (stale.length > 0) return remove(stale, 'the solvers of the issuer have changed');
  const failed = challenges.find(({ status }) => isFailure(status?.state));
  if (failed !== undefined)
    return { do: 'check-order', failed, early: false, why: `a Challenge is ${failed.status?.state ?? ''}` };
  if (challenges.length === wanted.length && challenges.every(({ status }) => status?.state === 'valid'))
    return check(facts, 'everything seems to be proven');
  return nothing('waits for its Challenges');
}

/** Whatever else wakes the Order: a CA is not asked sooner than it said, or than we promised ourselves. */
function check({ pollAtMs = 0, now }: OrderFacts, why: string): OrderDecision {
  // What is further away than anything that we promise was said before the clock was set back.
  const isEarly = pollAtMs > now && pollAtMs - now <= longestPollMs;
  return isEarly ? { do: 'wait', untilMs: pollAtMs, why } : { do: 'check-order', early: true, why };
}

/** The failed one stays, for people to look at; its siblings would only use up slots and write into zones. */
function afterFailure(challenges: readonly Challenge[]): OrderDecision {
  const siblings = challenges.filter(({ status }) => status?.state !== 'valid' && !isFailure(status?.state));
  const left = siblings.filter(isThere);
  return left.length === 0 ? nothing('has failed') : remove(left, 'the order has failed');
}

function isThere({ metadata }: Challenge): boolean {
  return metadata?.deletionTimestamp === undefined;
}

function remove(challenges: readonly Challenge[], why: string): OrderDecision {
  return { do: 'delete-challenges', challenges, why };
}

function nothing(why: string): OrderDecision {
  return { do: 'nothing', why };
}
