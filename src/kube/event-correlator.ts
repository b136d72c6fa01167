/**
 * Which events are the same event again: client-go's correlation (tools/record/events_cache.go of client-go 0.34) with its
 * numbers. A spam limit per source and object, aggregation of many similar messages, counting of identical ones.
 */
import { secondsText } from '../api/seconds-text.ts';
import type { Event, ObjectReference } from '../api/core.ts';
import type { Clock } from './clock.ts';
import { StringPool } from './string-pool.ts';

/**
 * An event as it was last written or is about to be written; changed in place when it is counted up. Tens of thousands may
 * wait during a storm, so that only what makes them different is kept: {@link eventOf} gives the whole.
 */
export interface Recorded {
  readonly object: ObjectReference;
  readonly component: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  message: string;
  /** Milliseconds since the epoch. */
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** Keeps the names of two events of one instant apart. */
  readonly serial: number;
  /** The server has it: the next news is a patch. */
  stored: boolean;
  /** In the queue. */
  waiting: boolean;
  sending: boolean;
  /** Counted up while a request for it was under way. */
  changed: boolean;
}

/** As the API has it. */
export function eventOf(recorded: Recorded): Event {
  const { object, component, type, reason, message, firstMs, lastMs, count, serial } = recorded;
  // client-go ends the name in nanoseconds; a serial below the millisecond keeps two of one instant apart.
  const unique = BigInt(Math.floor(firstMs)) * 1_000_000n + BigInt(serial % 1_000_000);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${object.name}.${unique.toString(16)}`, namespace: object.namespace || 'default' },
    involvedObject: object,
    reason,
    message,
    source: { component },
    firstTimestamp: secondsText(firstMs),
    lastTimestamp: secondsText(lastMs),
    count,
    type,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: '',
  };
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

interface Similar {
  /** The only message so far, or all of them. */
  messages: string | Set<string>;
  lastAt: number;
}

const burst = 25;
const refillMs = 5 * 60_000;
/** More different messages than this within the interval become one combined event. */
const similarLimit = 10;
const similarIntervalMs = 10 * 60_000;
/** client-go remembers 4096 subjects; here it is between the half of that and all. */
const generationSize = 2048;
/** The newer events API refuses longer notes. */
const longestMessage = 1024;

export class EventCorrelator {
  #clock: Clock;
  #buckets = new Memory<Bucket>();
  #similar = new Memory<Similar>();
  #recorded = new Memory<Recorded>();
  #strings = new StringPool();
  #serial = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The event to create or patch; undefined when its object has had its share. */
  record(
    object: ObjectReference,
    component: string,
    type: 'Normal' | 'Warning',
    reason: string,
    fullMessage: string,
  ): Recorded | undefined {
    const now = this.#clock.now();
    const about = [component, object.kind, object.namespace, object.name, object.uid, object.apiVersion].join(
      '\n',
    );
    if (!this.#allowed(about, now)) return undefined;

    const text = shorten(fullMessage);
    const group = [about, type, reason].join('\n');
    const combined = this.#isOneOfMany(group, text, now);
    const message = combined ? shorten(`(combined from similar events): ${text}`) : text;
    const key = combined ? group : [group, object.fieldPath ?? '', text].join('\n');

    const known = this.#recorded.get(key);
    if (known !== undefined) {
      known.count++;
      known.lastMs = now;
      known.message = message;
      return known;
    }
    const recorded: Recorded = {
      object: shared(object, this.#strings),
      component: this.#strings.one(component),
      type,
      reason,
      message,
      firstMs: now,
      lastMs: now,
      count: 1,
      serial: this.#serial++,
      stored: false,
      waiting: false,
      sending: false,
      changed: false,
    };
    this.#recorded.set(key, recorded);
    return recorded;
  }

  #allowed(about: string, now: number): boolean {
    let bucket = this.#buckets.get(about);
    if (bucket === undefined) this.#buckets.set(about, (bucket = { tokens: burst, filledAt: now }));
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.filledAt) / refillMs);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #isOneOfMany(group: string, message: string, now: number): boolean {
    const similar = this.#similar.get(group);
    if (similar === undefined || now - similar.lastAt > similarIntervalMs) {
      this.#similar.set(group, { messages: message, lastAt: now });
      return false;
    }
    similar.lastAt = now;
    if (similar.messages === message) return false;
    if (typeof similar.messages === 'string') similar.messages = new Set([similar.messages]);
    const { messages } = similar;
    messages.add(message);
    if (messages.size <= similarLimit) return false;
    // Bounded: from here on it only matters that there are many.
    const [oldest] = messages;
    messages.delete(oldest!);
    messages.add('');
    return true;
  }
}

/** Forgets what was not asked for while a generation of others came. Two generations: no look-up has to move anything. */
class Memory<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  get(key: string): V | undefined {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** A copy whose apiVersion, put together anew for each event, is one for all. */
function shared(object: ObjectReference, strings: StringPool): ObjectReference {
  const copy = { ...object };
  if (copy.apiVersion !== undefined) copy.apiVersion = strings.one(copy.apiVersion);
  return copy;
}

function shorten(message: string): string {
  if (message.length <= longestMessage) return message;
  // Not in the middle of a surrogate pair.
  return `${message.slice(0, longestMessage - 3).replace(/[\uD800-\uDBFF]$/u, '')}...`;
}
