/** Events about objects, as client-go's recorder writes them: aggregated, limited, and never in the way of real work. */
import type { KubeObject } from '../api/meta.ts';
import type { Event, ObjectReference } from '../api/core.ts';
import { apiVersionOf, events as eventType, type ResourceType } from '../api/resources.ts';
import type { KubeClient } from './client.ts';
import type { Clock } from './clock.ts';
import { EventCorrelator, eventOf, type Recorded } from './event-correlator.ts';
import { NotFoundError } from './errors.ts';

export interface EventRecorder {
  /** Returns at once. `component` becomes source.component and reportingComponent. */
  event(
    object: ObjectReference,
    component: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void;
  /** Waits until everything is sent, at most `graceMs` (5 s when absent); answers how many events were left. */
  flush(graceMs?: number): Promise<number>;
  /** Since the start: sent requests, refused by the spam limit, dropped because the queue was full, failed. */
  readonly counts: Readonly<EventCounts>;
}

export interface EventCounts {
  sent: number;
  limited: number;
  dropped: number;
  failed: number;
}

export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  /** Events waiting to be sent; more are dropped. 65,536 when absent: those of 16,000 certificates, some 25 MiB. */
  queueLimit?: number;
  /** Requests at once; 2 when absent: events share the server with the writes that matter. */
  concurrency?: number;
  /** An event could not be written. Must not throw. */
  onError?: (error: unknown, event: Event) => void;
}

/** The reference that events about `object` carry. */
export function referenceTo(type: ResourceType, object: KubeObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  return { apiVersion: apiVersionOf(type), kind: type.kind, namespace, name, uid, resourceVersion };
}

/** Nobody looks at what comes back. */
const written = { fieldManager: 'cert-manager', unread: true } as const;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, onError } = options;
  const queueLimit = options.queueLimit ?? 65_536;
  const concurrency = options.concurrency ?? 2;
  const correlator = new EventCorrelator(clock);
  const counts: EventCounts = { sent: 0, limited: 0, dropped: 0, failed: 0 };
  /** In the order of their first news; an event that is bumped while it waits keeps its place. */
  const waiting = new Line();
  const idle: (() => void)[] = [];
  let senders = 0;

  const write = async (recorded: Recorded): Promise<void> => {
    const event = eventOf(recorded);
    if (recorded.stored) {
      const { namespace, name } = event.metadata!;
      const { count, lastTimestamp, message } = event;
      try {
        const key = { namespace, name: name! };
        await client.patch(eventType, key, 'strategic', { count, lastTimestamp, message }, written);
        return;
      } catch (error) {
        // Events expire after an hour: then it is written anew.
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
    await client.create(eventType, event, written);
    recorded.stored = true;
  };
  const send = async (): Promise<void> => {
    for (;;) {
      const recorded = waiting.shift();
      if (recorded === undefined) return;
      recorded.sending = true;
      try {
        await write(recorded);
        counts.sent++;
      } catch (error) {
        counts.failed++;
        onError?.(error, eventOf(recorded));
      }
      recorded.sending = false;
      // Bumped while on its way.
      if (recorded.changed) {
        recorded.changed = false;
        waiting.push(recorded);
      }
    }
  };
  const start = (): void => {
    if (senders >= concurrency) return;
    senders++;
    // Not in the caller's turn: serializing and sending come after what the caller does next.
    setImmediate(() => {
      void send().then(() => {
        senders--;
        // News that came between the last look and now.
        if (waiting.size > 0) start();
        else if (senders === 0) for (const resolve of idle.splice(0)) resolve();
      });
    });
  };

  return {
    counts,
    event(object, component, type, reason, message) {
      const recorded = correlator.record(object, component, type, reason, message);
      if (recorded === undefined) {
        counts.limited++;
      } else if (recorded.sending) {
        recorded.changed = true;
      } else if (recorded.waiting) {
        // Keeps its place.
      } else if (waiting.size >= queueLimit) {
        counts.dropped++;
      } else {
        waiting.push(recorded);
        start();
      }
    },
    async flush(graceMs = 5_000) {
      if (senders === 0 && waiting.size === 0) return 0;
      await new Promise<void>((resolve) => {
        const timer = clock.after(graceMs, resolve);
        idle.push(() => {
          timer.cancel();
          resolve();
        });
      });
      return waiting.size;
    },
  };
}

/** First in, first out. A Set would walk over everything that has left whenever it is asked for its first. */
class Line {
  #items: Recorded[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(recorded: Recorded): void {
    recorded.waiting = true;
    this.#items.push(recorded);
  }

  shift(): Recorded | undefined {
    const first = this.#items[this.#head];
    if (first === undefined) return undefined;
    first.waiting = false;
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
