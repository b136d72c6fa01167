/** Which Challenges take a slot next, and which stuck ones give theirs up: pure, fair for issuers and zones (acme.md §7.1). */

export interface Waiting {
  /** `namespace/name`. */
  key: string;
  /** `issuerIndexKey` of its issuer. */
  issuer: string;
  zone: string;
  /** `dnsName type`: two Challenges of one lane never work at the same time. */
  lane: string;
  /** Its place in the line: when it was created or, later, gave up a slot. Milliseconds. */
  since: number;
}

export interface Holding {
  key: string;
  issuer: string;
  zone: string;
  lane: string;
  /** Since when it has a slot. Milliseconds. */
  since: number;
  /** It waits for something that only the world can change: its answer cannot be put or seen. */
  stuck: boolean;
}

export interface ScheduleInput {
  waiting: readonly Waiting[];
  holding: readonly Holding[];
  /** Slots (`--max-concurrent-challenges`). */
  max: number;
  now: number;
  /** How long a stuck one keeps its slot while others wait for it. Milliseconds. */
  patienceMs: number;
}

export interface Schedule {
  /** Keys that take a free slot, in this order. */
  start: string[];
  /** Keys that are to be cleaned up and to go to the end of the line. Nothing starts in their place before that. */
  yield: string[];
}

/** What one issuer may hold at most: a tenth of the slots stays free for issuers that come later. */
export function shareOf(max: number): number {
  return max - Math.floor(max / 10);
}

/** At a time: each one is a clean-up with a DNS provider or an API. */
const yieldsAtOnce = 8;

export function schedule({ waiting, holding, max, now, patienceMs }: ScheduleInput): Schedule {
  const share = shareOf(max);
  const lanes = new Map(holding.map((one) => [one.lane, one]));
  const load = new Load(holding);
  const oldest = new Map<string, Waiting>();
  for (const one of waiting) {
    const other = oldest.get(one.lane);
    if (other === undefined || isBefore(one, other)) oldest.set(one.lane, one);
  }
  const laneTaken: Holding[] = [];
  const free: Waiting[] = [];
  for (const one of oldest.values()) {
    const holder = lanes.get(one.lane);
    if (holder === undefined) free.push(one);
    else laneTaken.push(holder);
  }
  const lines = new Lines(free);
  const start: string[] = [];
  for (let slots = max - holding.length; slots > 0; slots--) {
    const next = lines.next(load, share);
    if (next === undefined) break;
    lines.take(next);
    load.add(next);
    start.push(next.key);
  }
  const patient = holding
    .filter(({ stuck, since }) => stuck && now - since >= patienceMs)
    .toSorted((a, b) => a.since - b.since);
  return { start, yield: yields({ patient, laneTaken, blocked: lines.left(), load, share }) };
}

interface YieldInput {
  patient: readonly Holding[];
  laneTaken: readonly Holding[];
  /** Issuers of those that wait although nobody has their lane, one entry each. */
  blocked: readonly string[];
  load: Load;
  share: number;
}

function yields({ patient, laneTaken, blocked, load, share }: YieldInput): string[] {
  const chosen = new Set<string>();
  const taken = new Set(laneTaken.map(({ key }) => key));
  for (const { key } of patient) if (taken.has(key) && chosen.size < yieldsAtOnce) chosen.add(key);
  for (const issuer of blocked) {
    if (chosen.size >= yieldsAtOnce) break;
    // Who has its whole share can only gain what its own Challenges give up.
    const capped = load.issuer(issuer) >= share;
    let best: Holding | undefined;
    for (const one of patient) {
      if (chosen.has(one.key) || (capped && one.issuer !== issuer)) continue;
      if (best === undefined || load.issuer(one.issuer) > load.issuer(best.issuer)) best = one;
    }
    if (best !== undefined) chosen.add(best.key);
  }
  return [...chosen];
}

/** Creation times are whole seconds: who came with the same one keeps the order of arrival. */
function isBefore(a: Waiting, b: Waiting): boolean {
  return a.since < b.since;
}

/** Slots held, by issuer and by zone of an issuer. */
class Load {
  readonly #issuers = new Map<string, number>();
  readonly #zones = new Map<string, number>();
  constructor(holding: readonly { issuer: string; zone: string }[]) {
    for (const one of holding) this.add(one);
  }
  add({ issuer, zone }: { issuer: string; zone: string }): void {
    this.#issuers.set(issuer, this.issuer(issuer) + 1);
    this.#zones.set(`${issuer} ${zone}`, this.zone(issuer, zone) + 1);
  }
  issuer(issuer: string): number {
    return this.#issuers.get(issuer) ?? 0;
  }
  zone(issuer: string, zone: string): number {
    return this.#zones.get(`${issuer} ${zone}`) ?? 0;
  }
}

/** Those that wait in one zone, oldest first; `next` is the place of the first that is still there. */
interface Line {
  places: Waiting[];
  next: number;
}

/** Those that wait, by issuer and zone. */
class Lines {
  readonly #issuers = new Map<string, Map<string, Line>>();

  constructor(waiting: readonly Waiting[]) {
    // Nearly sorted as it comes, which a stable sort uses: this runs with every slot that becomes free.
    for (const one of waiting.toSorted((a, b) => a.since - b.since)) {
      const zones = this.#issuers.get(one.issuer) ?? new Map<string, Line>();
      this.#issuers.set(one.issuer, zones);
      const line = zones.get(one.zone);
      if (line === undefined) zones.set(one.zone, { places: [one], next: 0 });
      else line.places.push(one);
    }
  }

  /** Of the issuer that holds least, the zone that holds least; where they are equal, the oldest. */
  next(load: Load, share: number): Waiting | undefined {
    let best: { one: Waiting; held: number } | undefined;
    for (const [issuer, zones] of this.#issuers) {
      const held = load.issuer(issuer);
      if (held >= share || (best !== undefined && held > best.held)) continue;
      let first: { one: Waiting; held: number } | undefined;
      for (const [zone, { places, next }] of zones) {
        const one = places[next];
        if (one === undefined) continue;
        const inZone = load.zone(issuer, zone);
        if (first === undefined || inZone < first.held || (inZone === first.held && isBefore(one, first.one)))
          first = { one, held: inZone };
      }
      if (first === undefined) continue;
      if (best === undefined || held < best.held || isBefore(first.one, best.one))
        best = { one: first.one, held };
    }
    return best?.one;
  }

  take({ issuer, zone }: Waiting): void {
    const zones = this.#issuers.get(issuer);
    const line = zones?.get(zone);
    if (zones === undefined || line === undefined) return;
    line.next++;
    if (line.next === line.places.length) zones.delete(zone);
    if (zones.size === 0) this.#issuers.delete(issuer);
  }

  /** Issuers of those still in line, once for each of them, a bounded number. */
  left(): string[] {
    const issuers: string[] = [];
    for (const [issuer, zones] of this.#issuers)
      for (const { places, next } of zones.values())
        for (let i = next; i < places.length && issuers.length < 64; i++) issuers.push(issuer);
    return issuers;
  }
}
