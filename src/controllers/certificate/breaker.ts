/**
 * The ledger behind "a storm cannot happen" (design §3): counts what we had to do again although nobody changed the
 * Certificate, and stops doing it for a while, per Certificate, namespace and process.
 */

/** A bucket holds `burst` tries and gets one back every `refillMs`. */
export interface Limit {
  burst: number;
  refillMs: number;
}

export interface BreakerLimits {
  certificate: Limit;
  /** Charged only for a Certificate's second and later repetition, so that one restore of many Secrets is not a storm. */
  namespace: Limit;
  process: Limit;
}

export const defaultLimits: BreakerLimits = {
  certificate: { burst: 5, refillMs: 10 * 60_000 },
  namespace: { burst: 100, refillMs: 60_000 },
  process: { burst: 500, refillMs: 10_000 },
};

export interface Subject {
  uid: string;
  namespace: string;
  /** A change of the spec clears the Certificate's own count. */
  generation: number;
}

/** Repeated issuance and repeated repair of the Secret are counted apart: a repair is cheap, an issuance is not. */
export type Repeated = 'issue' | 'repair';

export interface Breaker {
  /** When the next repetition is allowed, in milliseconds since the epoch; undefined: now. */
  blockedUntil(what: Repeated, subject: Subject, nowMs: number): number | undefined;
  /** Books one repetition; `brokeOff` says why an attempt ended before its Secret was written. */
  record(what: Repeated, subject: Subject, nowMs: number, brokeOff?: string): void;
  /** Why the last booked attempt broke off; undefined when it did not. */
  brokeOff(subject: Subject): string | undefined;
  /** The Certificate is gone. */
  forget(uid: string): void;
  readonly size: number;
  /** How many namespaces have a bucket that is not known to be full. */
  readonly namespaces: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

interface Entry {
  generation: number;
  brokeOff: string | undefined;
  issue: Bucket;
  repair: Bucket;
}

function refill(bucket: Bucket, limit: Limit, now: number): void {
  // A clock that was set back must not freeze the bucket until it has caught up.
  const elapsed = Math.max(0, now - bucket.at);
  bucket.tokens = Math.min(limit.burst, bucket.tokens + elapsed / limit.refillMs);
  bucket.at = now;
}

function freeAt(bucket: Bucket, limit: Limit, now: number): number | undefined {
  refill(bucket, limit, now);
  return bucket.tokens >= 1 ? undefined : now + Math.ceil((1 - bucket.tokens) * limit.refillMs);
}

export function createBreaker(limits: BreakerLimits = defaultLimits): Breaker {
  const entries = new Map<string, Entry>();
  const namespaces = new Map<string, Bucket>();
  const process: Bucket = { tokens: limits.process.burst, at: 0 };
  const full = (limit: Limit, at: number): Bucket => ({ tokens: limit.burst, at });

  const entryOf = (subject: Subject): Entry | undefined => {
    const entry = entries.get(subject.uid);
    return entry?.generation === subject.generation ? entry : undefined;
  };
  const isRepeat = (bucket: Bucket): boolean => bucket.tokens <= limits.certificate.burst - 1;

  return {
    blockedUntil(what, subject, now) {
      const entry = entryOf(subject);
      if (entry === undefined) return undefined;
      let until = freeAt(entry[what], limits.certificate, now);
      if (!isRepeat(entry[what])) return until;
      const namespace = namespaces.get(subject.namespace);
      const others = [
        namespace === undefined ? undefined : freeAt(namespace, limits.namespace, now),
        freeAt(process, limits.process, now),
      ];
      for (const other of others) if (other !== undefined) until = Math.max(until ?? 0, other);
      return until;
    },
    brokeOff: (subject) => entryOf(subject)?.brokeOff,
    record(what, subject, now, brokeOff) {
      let entry = entryOf(subject);
      if (entry === undefined) {
        entry = {
          generation: subject.generation,
          brokeOff,
          issue: full(limits.certificate, now),
          repair: full(limits.certificate, now),
        };
        entries.set(subject.uid, entry);
      }
      entry.brokeOff = brokeOff;
      const bucket = entry[what];
      refill(bucket, limits.certificate, now);
      const repeat = isRepeat(bucket);
      bucket.tokens = Math.max(0, bucket.tokens - 1);
      if (!repeat) return;
      let namespace = namespaces.get(subject.namespace);
      if (namespace === undefined) {
        // A bucket that has filled up again says nothing: it goes before the next one comes.
        for (const [name, bucket] of namespaces) {
          refill(bucket, limits.namespace, now);
          if (bucket.tokens >= limits.namespace.burst) namespaces.delete(name);
        }
        namespaces.set(subject.namespace, (namespace = full(limits.namespace, now)));
      }
      for (const [shared, limit] of [
        [namespace, limits.namespace],
        [process, limits.process],
      ] as const) {
        refill(shared, limit, now);
        shared.tokens = Math.max(0, shared.tokens - 1);
      }
    },
    forget: (uid) => void entries.delete(uid),
    get size() {
      return entries.size;
    },
    get namespaces() {
      return namespaces.size;
    },
  };
}

/** What the Certificate's condition says while the breaker is open: the violation, who is at fault, the remedy. */
export function breakerMessage(
  violation: string,
  secret: string,
  writers: readonly { manager: string; operation: string }[],
  untilMs: number,
  brokeOff?: string,
): string {
  const until = new Date(untilMs).toISOString().slice(0, 19);
  if (brokeOff !== undefined) {
    return `${violation}; not repeated before ${until}Z because the last attempts broke off before Secret "${secret}" was written: ${brokeOff}`;
  }
  const who = writers[0];
  const cause =
    who === undefined
      ? `something keeps deleting or changing Secret "${secret}" after we write it, and left no field manager to name`
      : `field manager "${who.manager}" (${who.operation}) keeps changing Secret "${secret}" after we write it`;
  return `${violation}; not repeated before ${until}Z because ${cause}. Stop that writer, or give this Certificate another spec.secretName; a change of the spec starts again at once`;
}
