/** Turns what controllers and the plumbing tell into counters and histograms. */
import { controllers as controllerNames } from '../api/components.ts';
import type { RoundTrip } from '../acme/create-client.ts';
import type { ControllersObserver } from '../controllers/observer.ts';
import type { EventCounts } from '../kube/events.ts';
import { KubeError } from '../kube/errors.ts';
import type { RequestObserver } from '../kube/observe.ts';
import type { Queue } from '../kube/queue.ts';
import { countedMetrics } from './catalogue.ts';
import { Counter, Histogram } from './registry.ts';
import { Summary } from './summary.ts';

type Queues = Map<string, Pick<Queue, 'length' | 'delayed' | 'active'>>;

/** What is asked for at scrape. */
export interface Observed {
  queues: Readonly<Queues>;
  caches: ReadonlyMap<string, readonly { readonly size: number; readonly synced: boolean }[]>;
  events: Readonly<EventCounts> | undefined;
  /** `namespace/name` of Certificates whose breaker is open -> until when, in milliseconds. */
  breakers: ReadonlyMap<string, number>;
  /** Observations booked under `other`. */
  refused: number;
}

export class Observers {
  readonly controllers: ControllersObserver;
  /** Of CA injection, which has a lease of its own: its queue is not forgotten when the controllers end. */
  readonly cainjector: ControllersObserver;
  readonly requests: RequestObserver;
  /** Of every account with an ACME CA. */
  readonly acme: (trip: RoundTrip) => void;
  readonly #queues: Queues = new Map();
  readonly #injection: Queues = new Map();
  readonly #caches = new Map<string, { readonly size: number; readonly synced: boolean }[]>();
  readonly #breakers = new Map<string, number>();
  readonly #families: readonly (Counter | Histogram | Summary)[];
  #events: Readonly<EventCounts> | undefined;
  #refused = 0;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    const refused = (): void => void this.#refused++;
    const counter = (metric: keyof typeof countedMetrics): Counter =>
      new Counter(countedMetrics[metric], refused);
    const histogram = (metric: keyof typeof countedMetrics): Histogram =>
      new Histogram(countedMetrics[metric], refused);
    const calls = counter('syncCalls');
    const errors = counter('syncErrors');
    const decisions = counter('decisions');
    const reconciles = counter('reconciles');
    const duration = histogram('reconcileDuration');
    const adds = counter('queueAdds');
    const retries = counter('queueRetries');
    const waits = histogram('queueWait');
    const requests = counter('apiRequests');
    const latency = histogram('apiDuration');
    const restarts = counter('watchRestarts');
    const keys = histogram('keyGeneration');
    const acmeRequests = counter('acmeRequests');
    const acmeDuration = new Summary(countedMetrics.acmeDuration, refused, now);
    this.#families = [
      acmeRequests,
      acmeDuration,
      calls,
      errors,
      decisions,
      reconciles,
      duration,
      adds,
      retries,
      waits,
      requests,
      latency,
      restarts,
      keys,
    ];
    this.requests = {
      request(verb, resource, code, durationMs) {
        requests.add([String(code), resource, verb]);
        latency.observe([resource, verb], durationMs / 1000);
      },
    };
    this.acme = ({ action, host, method, scheme, status, seconds }) => {
      const labels = [action, host, method, scheme, String(status)];
      acmeRequests.add(labels);
      acmeDuration.observe(labels, seconds);
    };
    const names = new Set<string>(controllerNames);
    const workOf =
      (queues: Queues): ControllersObserver['work'] =>
      (controller) => {
        // A queue whose name is none of the peer's holds the objects of several of its controllers: `step` tells them apart.
        const isSync = names.has(controller);
        const labels = [controller];
        if (isSync) calls.add(labels, 0);
        return {
          queue: (queue) => void queues.set(controller, queue),
          added: () => adds.add(labels),
          taken: (waitedMs) => waits.observe(labels, waitedMs / 1000),
          retried: () => retries.add(labels),
          finished({ outcome, durationMs }) {
            reconciles.add([controller, outcome]);
            duration.observe(labels, durationMs / 1000);
            if (!isSync) return;
            calls.add(labels);
            if (outcome === 'error') errors.add(labels);
          },
        };
      };
    this.controllers = {
      work: workOf(this.#queues),
      step(controller, decision, failed) {
        decisions.add([controller, decision]);
        calls.add([controller]);
        if (failed) errors.add([controller]);
      },
      cache: (name, cache) => {
        const known = this.#caches.get(name);
        if (known === undefined) this.#caches.set(name, [cache]);
        else known.push(cache);
      },
      events: (counts) => {
        this.#events = counts;
      },
      watchFailed: (resource, error) =>
        restarts.add([error instanceof KubeError ? error.code : 'unknown', resource]),
      keyGenerated: (algorithm, durationMs) => keys.observe([algorithm], durationMs / 1000),
      breaker: (certificate, untilMs) => {
        if (untilMs === undefined) this.#breakers.delete(certificate);
        else this.#breakers.set(certificate, untilMs);
      },
    };
    this.cainjector = { ...this.controllers, work: workOf(this.#injection) };
  }

  /** Metrics counted as they happen; those that were told nothing yet are left out. */
  *render(): Generator<string> {
    for (const family of this.#families) {
      const text = family.render();
      if (text !== '') yield text;
    }
  }

  /** The controllers have ended: their queues and caches are held no longer. What was counted stays. */
  forget(): void {
    this.#queues.clear();
    this.#caches.clear();
    this.#breakers.clear();
    this.#events = undefined;
  }

  get observed(): Observed {
    return {
      queues: new Map([...this.#queues, ...this.#injection]),
      caches: this.#caches,
      events: this.#events,
      breakers: this.#breakers,
      refused: this.#refused,
    };
  }
}
