/**
 * Which events are the same event again: client-go's correlation (tools/record/events_cache.go of client-go 0.34) with its
 * numbers. A spam limit per source and object, aggregation of many similar messages, counting of identical ones.
 */
import type { Event, ObjectReference } from '../api/core.ts';
import type { Clock } from './clock.ts';

/** An event as it was last written or is about to be written; `event` is changed in place when it is counted up. */
export interface Recorded {
  event: Event;
  /** The server has it: the next news is a patch. */
  stored: boolean;
  sending: boolean;
  /** Counted up while a request for it was under way. */
  changed: boolean;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

interface Similar {
  messages: Set<string>;
  lastAt: number;
}

const burst = 25;
const refillMs = 5 * 60_000;
/** More different messages than this within the interval become one combined event. */
const similarLimit = 10;
const similarIntervalMs = 10 * 60_000;
const remembered = 4096;
/** The newer events API refuses longer notes. */
const longestMessage = 1024;

export class EventCorrelator {
  #clock: Clock;
  #buckets = new Map<string, Bucket>();
  #similar = new Map<string, Similar>();
  #recorded = new Map<string, Recorded>();
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

    const known = recall(this.#recorded, key);
    if (known !== undefined) {
      const { event } = known;
      event.count = (event.count ?? 0) + 1;
      event.lastTimestamp = timestamp(now);
      event.message = message;
      return known;
    }
    const recorded: Recorded = {
      event: this.#compose(object, component, type, reason, message, now),
      stored: false,
      sending: false,
      changed: false,
    };
    remember(this.#recorded, key, recorded);
    return recorded;
  }

  #compose(
    object: ObjectReference,
    component: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    now: number,
  ): Event {
    const at = timestamp(now);
    // client-go ends the name in nanoseconds; a serial below the millisecond keeps two of one instant apart.
    const unique = BigInt(Math.floor(now)) * 1_000_000n + BigInt(this.#serial++ % 1_000_000);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${object.name}.${unique.toString(16)}`, namespace: object.namespace || 'default' },
      involvedObject: object,
      reason,
      message,
      source: { component },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    };
  }

  #allowed(about: string, now: number): boolean {
    const bucket = recall(this.#buckets, about) ?? { tokens: burst, filledAt: now };
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.filledAt) / refillMs);
    bucket.filledAt = now;
    remember(this.#buckets, about, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #isOneOfMany(group: string, message: string, now: number): boolean {
    let similar = recall(this.#similar, group);
    if (similar === undefined || now - similar.lastAt > similarIntervalMs) {
      similar = { messages: new Set(), lastAt: now };
      remember(this.#similar, group, similar);
    }
    similar.lastAt = now;
    similar.messages.add(message);
    if (similar.messages.size <= similarLimit) return false;
    // Bounded: from here on it only matters that there are many.
    const [oldest] = similar.messages;
    similar.messages.delete(oldest!);
    similar.messages.add('');
    return true;
  }
}

/** Least recently used goes first. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > remembered) {
    const [oldest] = map.keys();
    map.delete(oldest!);
  }
}

function recall<V>(map: Map<string, V>, key: string): V | undefined {
  const value = map.get(key);
  if (value !== undefined) remember(map, key, value);
  return value;
}

function shorten(message: string): string {
  if (message.length <= longestMessage) return message;
  // Not in the middle of a surrogate pair.
  return `${message.slice(0, longestMessage - 3).replace(/[\uD800-\uDBFF]$/u, '')}...`;
}

/** metav1.Time: seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
