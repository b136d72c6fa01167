/** The ledger of CA limits: knows each CA's limits, what was used of them, and who waits for which slot. */
import type { AcmeIdentifier, AcmeProblem } from '../acme-client.ts';
import { acmeErrorPrefix } from '../errors.ts';
import { publishedLimits, type CaLimit, type CaLimits, type Counted } from './ca-limits.ts';
import { describeWait } from './describe-wait.ts';
import type { Admission, BudgetForecast, BudgetOrder, BudgetState, OrderBudget } from './order-budget.ts';
import { refusalHint } from './refusal-hint.ts';
import { registeredDomain, shortRule, type PublicSuffixes } from './registered-domain.ts';
import { readState } from './read-state.ts';
import { longestHoldMs, slotKey, Slots, type Slot } from './slots.ts';
import { setName, subjectsOf } from './subjects.ts';

export interface BudgetOptions {
  /** Beside Let's Encrypt's; one for the same directory replaces the published one. */
  limits?: readonly CaLimits[];
  /** `parsePublicSuffixList` of the system's list; a short rule when absent. */
  publicSuffixes?: PublicSuffixes;
  /** What `serialise` answered; damaged parts are left out. */
  state?: unknown;
}

/** A week and a bit: the longest that a wish lives (RFC 8555 orders expire), and how long it is remembered that one was counted. */
const rememberMs = 8 * 24 * 3_600_000;
const maxTaken = 20_000;
/** A refusal that says nothing of when: a while, and not at once for all. */
const shrugMs = 5 * 60_000;
/** One that does not say which limit holds this set of names for as long as it says, and the account for this long. */
const accountShrugMs = 60_000;
const maxForecast = 100;
/** Names for holds where a refusal names no limit. */
const anySet = 'refused-by-the-ca';
const anyAccount = 'account-refused-by-the-ca';

export function createOrderBudget(options: BudgetOptions = {}): OrderBudget {
  return new Ledger(options);
}

class Ledger implements OrderBudget {
  readonly #limits: ReadonlyMap<string, CaLimits>;
  readonly #domain: (name: string) => string;
  readonly #slots: Slots;
  readonly #taken: Map<string, { at: number; keys: readonly string[]; issued: boolean }>;

  constructor(options: BudgetOptions) {
    const known = [...publishedLimits, ...(options.limits ?? [])];
    this.#limits = new Map(known.flatMap((ca) => ca.directories.map((url) => [url, ca])));
    this.#domain = (name) => registeredDomain(name, options.publicSuffixes ?? shortRule);
    const state = readState(options.state);
    this.#slots = new Slots(Object.entries(state.levels), Object.entries(state.holds));
    this.#taken = new Map(Object.entries(state.taken));
  }

  admit(order: BudgetOrder, now: number): Admission {
    const taken = this.#taken.get(order.id);
    if (taken !== undefined && !taken.issued) return { admit: true };
    const slots = this.#slotsOf(order);
    const needed = [...slots.taken, ...slots.looked];
    const holds = holdKeys(order);
    const heldUntil = Math.max(...holds.map((key) => this.#slots.heldUntil(key, now)));
    // Asked for one after the other: a wish waits for the slot that is furthest away, and for no other.
    let worst: { slot: Slot; until: number } | undefined;
    for (const slot of needed) {
      const until = this.#slots.askFor(slot, order.id, now);
      if (until !== undefined && (worst === undefined || until > worst.until)) worst = { slot, until };
    }
    for (const { key } of needed)
      if (worst !== undefined && key !== worst.slot.key) this.#slots.leave(key, order.id);
    if (worst !== undefined && worst.until >= heldUntil)
      return {
        admit: false,
        until: worst.until,
        limit: worst.slot.limit.name,
        message: this.#describe(worst, now),
      };
    if (heldUntil > now) {
      const message = `The CA refused more for now; next try ${describeWait(heldUntil, now)}`;
      return { admit: false, until: heldUntil, limit: anySet, message };
    }
    this.#take(order.id, slots.taken, now);
    return { admit: true };
  }

  placed(order: BudgetOrder, at: number): void {
    if (!this.#taken.has(order.id)) this.#take(order.id, this.#slotsOf(order).taken, at);
  }

  issued(order: BudgetOrder, at: number): void {
    this.placed(order, at);
    const taken = this.#taken.get(order.id);
    if (taken !== undefined) this.#taken.set(order.id, { ...taken, issued: true });
  }

  released(order: BudgetOrder, sent: boolean, now: number): void {
    // Whatever it was when it took them: the CA may have refused what it was to replace.
    const slots = this.#slotsOf({ ...order, replaces: false, renewal: false });
    for (const { key } of [...slots.taken, ...slots.looked]) this.#slots.leave(key, order.id);
    const taken = this.#taken.get(order.id);
    if (taken === undefined || taken.issued || now - taken.at > rememberMs) return;
    this.#taken.delete(order.id);
    for (const slot of slots.taken) {
      // An order that the CA has seen is counted by the CA.
      const isGone = slot.limit.counts === 'certificate' || !sent;
      if (isGone && taken.keys.includes(slot.key)) this.#slots.giveBack(slot, taken.at);
    }
  }

  authorizationFailed(order: BudgetOrder, identifier: AcmeIdentifier, at: number): void {
    for (const slot of this.#failureSlots(order, [identifier])) this.#slots.use(slot, at);
  }

  authorizationSucceeded(order: BudgetOrder, identifier: AcmeIdentifier): void {
    for (const { limit, key } of this.#failureSlots(order, [identifier]))
      if (limit.resetOnSuccess === true) this.#slots.reset(key);
  }

  refused(
    order: BudgetOrder,
    refusal: { problem: AcmeProblem; status: number; retryAt?: number },
    now: number,
  ): { until: number; limit: string } {
    this.released(order, false, now);
    const { problem, retryAt } = refusal;
    const isOfLimit = problem.type === `${acmeErrorPrefix}rateLimited` || refusal.status === 429;
    const hint = isOfLimit ? refusalHint(problem.detail) : {};
    const said = retryAt ?? hint.until ?? now + shrugMs;
    const until = Math.min(Math.max(said, now + 1000), now + longestHoldMs);
    const slots = this.#slotsOf(order);
    const named = [...slots.taken, ...slots.looked].filter(({ limit }) => limit.name === hint.limit);
    // Of several domains one is used up, and the text does not reliably say which: the set of names waits as a whole.
    if (named.length === 1 && named[0] !== undefined) this.#slots.hold(named[0].key, until, now);
    else {
      const [set, account] = holdKeys(order);
      this.#slots.hold(set, until, now);
      if (named.length === 0) this.#slots.hold(account, Math.min(until, now + accountShrugMs), now);
    }
    return { until, limit: hint.limit ?? anySet };
  }

  admitRegistration(directory: string, now: number): Admission {
    const slots = this.#of(directory, 'registration').map((limit) => slotOf(limit, directory, directory));
    const waits = slots
      .map((slot) => ({ slot, until: this.#slots.slotAt(slot, 1, now) }))
      .filter(({ until }) => until > now)
      .toSorted((a, b) => b.until - a.until);
    const [worst] = waits;
    if (worst !== undefined)
      return {
        admit: false,
        until: worst.until,
        limit: worst.slot.limit.name,
        message: this.#describe(worst, now),
      };
    for (const slot of slots) this.#slots.use(slot, now);
    return { admit: true };
  }

  forecast(directory: string, account: string, now: number): BudgetForecast[] {
    const limits = this.#limits.get(directory)?.limits ?? [];
    const own = new Set([account, directory]);
    const found = limits
      .filter(({ per }) => per === 'account' || per === 'directory')
      .map((limit) => slotOf(limit, directory, limit.per === 'account' ? account : directory));
    const byPrefix = new Map(limits.map((limit) => [slotKey(directory, limit.name, ''), limit]));
    for (const key of new Set([...this.#slots.levels.keys(), ...this.#slots.holds.keys()])) {
      const cut = key.lastIndexOf('\0') + 1;
      const limit = byPrefix.get(key.slice(0, cut));
      const subject = key.slice(cut);
      const isForeign = limit?.per === 'account-and-identifier' && !subject.startsWith(`${account} `);
      if (limit === undefined || isForeign || limit.per === 'account' || own.has(subject)) continue;
      found.push({ key, limit, subject, directory });
    }
    return found
      .map((slot) => this.#forecastOf(slot, now))
      .toSorted((a, b) => a.available / a.allowed - b.available / b.allowed || b.nextSlotAt - a.nextSlotAt)
      .slice(0, maxForecast);
  }

  serialise(now: number): BudgetState {
    const isOver = (level: number | readonly number[]): boolean =>
      typeof level === 'number' ? level <= now : level.length === 0;
    return {
      version: 1,
      levels: Object.fromEntries([...this.#slots.levels].filter(([, level]) => !isOver(level))),
      holds: Object.fromEntries([...this.#slots.holds].filter(([, until]) => until > now)),
      taken: Object.fromEntries([...this.#taken].filter(([, { at }]) => now - at <= rememberMs)),
    };
  }

  #forecastOf(slot: Slot, now: number): BudgetForecast {
    const { limit, subject, key } = slot;
    return {
      limit: limit.name,
      subject,
      allowed: limit.allowed,
      windowMs: limit.windowMs,
      available: this.#slots.available(slot, now),
      nextSlotAt: this.#slots.slotAt(slot, 1, now),
      fullAt: this.#slots.fullAt(slot, now),
      waiting: this.#slots.waiting(key),
    };
  }

  #of(directory: string, counts: Counted): CaLimit[] {
    return (this.#limits.get(directory)?.limits ?? []).filter((limit) => limit.counts === counts);
  }

  /** What an order takes, and what it only needs to find unspent. */
  #slotsOf(order: BudgetOrder): { taken: Slot[]; looked: Slot[] } {
    const counts = ({ exempt }: CaLimit): boolean =>
      !(order.replaces && exempt.includes('replacement')) &&
      !(order.renewal === true && exempt.includes('renewal'));
    const taken = [...this.#of(order.directory, 'order'), ...this.#of(order.directory, 'certificate')]
      .filter(counts)
      .flatMap((limit) =>
        subjectsOf(limit.per, order, order.identifiers, this.#domain).map((subject) =>
          slotOf(limit, order.directory, subject),
        ),
      );
    return {
      taken,
      looked: this.#failureSlots(order, order.identifiers).filter(({ limit }) => counts(limit)),
    };
  }

  #failureSlots(order: BudgetOrder, identifiers: readonly AcmeIdentifier[]): Slot[] {
    return this.#of(order.directory, 'failed-authorization').flatMap((limit) =>
      subjectsOf(limit.per, order, identifiers, this.#domain).map((subject) =>
        slotOf(limit, order.directory, subject),
      ),
    );
  }

  #take(id: string, slots: readonly Slot[], at: number): void {
    for (const slot of slots) {
      this.#slots.leave(slot.key, id);
      this.#slots.use(slot, at);
    }
    this.#taken.delete(id);
    this.#taken.set(id, { at, keys: slots.map(({ key }) => key), issued: false });
    if (this.#taken.size > maxTaken) this.#forgetOldest();
  }

  /** A tenth at once: to look for the first of a Map whose first ones were deleted takes as long as they were many. */
  #forgetOldest(): void {
    for (const id of this.#taken.keys()) {
      if (this.#taken.size <= maxTaken * 0.9) return;
      this.#taken.delete(id);
    }
  }

  #describe({ slot, until }: { slot: Slot; until: number }, now: number): string {
    const { limit, subject, directory, key } = slot;
    const ca = this.#limits.get(directory)?.ca ?? directory;
    const ahead = Math.max(0, this.#slots.waiting(key) - 1);
    const others = ahead === 0 ? '' : `, ${ahead} more ${ahead === 1 ? 'waits' : 'wait'} for it`;
    const amount = `${limit.allowed} in ${describeWait(limit.windowMs, 0)
      .replace(/^in /u, '')
      .replace(/ \(.*$/u, '')}`;
    return `${ca}: ${limit.name} (${amount}) is used up for ${subject.slice(0, 200)}${others}; next slot ${describeWait(until, now)}`;
  }
}

const slotOf = (limit: CaLimit, directory: string, subject: string): Slot => ({
  key: slotKey(directory, limit.name, subject),
  limit,
  subject,
  directory,
});

function holdKeys({ directory, account, identifiers }: BudgetOrder): [set: string, account: string] {
  return [
    slotKey(directory, anySet, `${account} ${setName(identifiers)}`),
    slotKey(directory, anyAccount, account),
  ];
}
