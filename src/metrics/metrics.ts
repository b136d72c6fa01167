/** What `/metrics` answers: everything in `catalogue.ts` that has data, as chunks of Prometheus text. */
import type { OrderBudget } from '../acme/budget/order-budget.ts';
import type { RoundTrip } from '../acme/create-client.ts';
import type { Certificate } from '../api/certificate.ts';
import type { Challenge } from '../api/challenge.ts';
import type { ClusterIssuer, Issuer } from '../api/issuer.ts';
import type { Order } from '../api/order.ts';
import type { ControllersObserver } from '../controllers/observer.ts';
import type { Cache } from '../kube/cache.ts';
import type { Clock } from '../kube/clock.ts';
import type { RequestObserver } from '../kube/observe.ts';
import { budgetSeries, challengeSeries, orderSeries } from './acme-series.ts';
import { certificateSeries, issuerSeries } from './certificate-series.ts';
import { objectMetrics, stateMetrics, type MetricDescription } from './catalogue.ts';
import { contentType, header, labelText, number } from './exposition.ts';
import { Observers } from './observers.ts';
import type { ProcessWatch } from './process-facts.ts';

/** Of `SharedInformers`, what a scrape reads. */
export interface ObjectCaches {
  certificates: Pick<Cache<Certificate>, 'values'>;
  issuers: Pick<Cache<Issuer>, 'values'>;
  clusterIssuers: Pick<Cache<ClusterIssuer>, 'values'>;
  orders: Pick<Cache<Order>, 'values'>;
  challenges: Pick<Cache<Challenge>, 'values'>;
}

export interface MetricsInput {
  clock: Clock;
  version: string;
  process: ProcessWatch;
  /** Lets the event loop serve others between two chunks; `setImmediate` when absent. */
  breathe?: () => Promise<void>;
}

export interface Metrics {
  /** Of the HTTP answer. */
  readonly contentType: string;
  /** For `startControllers({ observer })`. */
  readonly controllers: ControllersObserver;
  /** For `startCainjector({ observer })`. */
  readonly cainjector: ControllersObserver;
  /** For the connection: `createKubeClient({ ...connection, observer })`. */
  readonly requests: RequestObserver;
  /** For the clients of ACME accounts (`composeAcme({ observe })`). */
  readonly acme: (trip: RoundTrip) => void;
  /**
   * One scrape, in chunks of at most some 100 kB; nothing is rendered before it is asked for, so a slow reader costs no
   * memory. Leaving the loop early is fine. Scrapes may overlap.
   */
  scrape(): AsyncIterable<string>;
  /**
   * The caches whose objects have series, once there are any. Undefined when the controllers end and this instance stands by:
   * then nothing of theirs is told, or held in memory, any more. Controllers may begin again afterwards.
   */
  serve(caches: ObjectCaches | undefined): void;
  /** Of the controllers; never called where a process has none of them, and then no series says that it stands by. */
  setLeader(isLeader: boolean): void;
  setShards(held: number, total: number): void;
  setAdmissionMode(mode: string): void;
  /** The ledger of CA limits that Orders ask; absent: there is none. */
  setBudget(budget: OrderBudget | undefined): void;
  /** Answers to challenges that are still to be taken away. */
  setCleanUpDebts(count: number): void;
  /** How many records that renewals by dns-persist-01 need are missing. */
  setMissingRecords(count: number): void;
  /** Ends the watch over the event loop. */
  stop(): void;
}

interface State {
  caches: ObjectCaches | undefined;
  leader: boolean | undefined;
  shards: { held: number; total: number } | undefined;
  admissionMode: string | undefined;
  budget: OrderBudget | undefined;
  cleanUpDebts: number | undefined;
  missingRecords: number | undefined;
}

type Sample = readonly [labels: readonly string[], value: number];

const breatheByImmediate = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function createMetrics(input: MetricsInput): Metrics {
  const observers = new Observers(() => input.clock.now());
  const state: State = {
    caches: undefined,
    leader: undefined,
    shards: undefined,
    admissionMode: undefined,
    budget: undefined,
    cleanUpDebts: undefined,
    missingRecords: undefined,
  };
  const breathe = input.breathe ?? breatheByImmediate;

  async function* scrape(): AsyncGenerator<string> {
    const { caches } = state;
    if (caches !== undefined) {
      yield* certificateSeries(caches.certificates.values(), breathe);
      yield issuerSeries(caches.issuers.values(), false) + issuerSeries(caches.clusterIssuers.values(), true);
      await breathe();
      yield orderSeries(caches.orders.values(), input.clock.now());
      await breathe();
      for (const text of challengeSeries(caches.challenges.values())) {
        yield text;
        await breathe();
      }
      if (state.budget !== undefined) {
        const issuers = [...caches.issuers.values(), ...caches.clusterIssuers.values()];
        yield budgetSeries(state.budget, issuers, input.clock.now());
      }
    }
    for (const text of observers.render()) {
      yield text;
      await breathe();
    }
    yield await stateText(input, state, observers);
  }

  return {
    contentType,
    controllers: observers.controllers,
    cainjector: observers.cainjector,
    requests: observers.requests,
    acme: observers.acme,
    scrape,
    serve: (caches) => {
      if (caches === undefined) {
        observers.forget();
        state.budget = undefined;
        state.cleanUpDebts = undefined;
        state.missingRecords = undefined;
      }
      state.caches = caches;
    },
    setLeader: (isLeader) => {
      state.leader = isLeader;
    },
    setShards: (held, total) => {
      state.shards = { held, total };
    },
    setAdmissionMode: (mode) => {
      state.admissionMode = mode;
    },
    setBudget: (budget) => {
      state.budget = budget;
    },
    setCleanUpDebts: (count) => {
      state.cleanUpDebts = count;
    },
    setMissingRecords: (count) => {
      state.missingRecords = count;
    },
    stop: () => input.process.stop(),
  };
}

function family(description: MetricDescription, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  let text = header(description);
  for (const [labels, value] of samples)
    text += `${description.name}${labelText(description.labels, labels)} ${number(value)}\n`;
  return text;
}

async function stateText(input: MetricsInput, state: State, observers: Observers): Promise<string> {
  const { queues, caches, events, breakers, refused } = observers.observed;
  const own = await input.process.read();
  const now = input.clock.now();
  const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [[[], value]]);
  const perQueue = (of: 'length' | 'active' | 'delayed'): Sample[] =>
    Array.from(queues, ([name, queue]) => [[name], queue[of]]);
  const seconds = Math.floor(now / 1000);
  const open = Array.from(breakers)
    .filter(([, untilMs]) => untilMs > now)
    .map(([key]): Sample => {
      const [namespace = '', name = ''] = key.split('/', 2);
      return [[name, namespace], 1];
    });
  const lag = own.loopLag;
  return [
    family(objectMetrics.breakerOpen, open),
    family(stateMetrics.cleanUpDebts, one(state.cleanUpDebts)),
    family(stateMetrics.missingRecords, one(state.missingRecords)),
    family(stateMetrics.breakersOpen, one(open.length)),
    family(stateMetrics.clock, one(seconds)),
    family(stateMetrics.clockGauge, one(seconds)),
    family(stateMetrics.buildInfo, [[[process.versions.node, input.version], 1]]),
    family(stateMetrics.leader, one(state.leader === undefined ? undefined : Number(state.leader))),
    family(stateMetrics.shardsHeld, one(state.shards?.held)),
    family(stateMetrics.shards, one(state.shards?.total)),
    family(stateMetrics.admissionMode, state.admissionMode === undefined ? [] : [[[state.admissionMode], 1]]),
    family(stateMetrics.queueDepth, perQueue('length')),
    family(stateMetrics.queueActive, perQueue('active')),
    family(stateMetrics.queueDelayed, perQueue('delayed')),
    family(
      stateMetrics.cacheObjects,
      Array.from(caches, ([name, list]) => [[name], list.reduce((sum, { size }) => sum + size, 0)]),
    ),
    family(
      stateMetrics.cacheSynced,
      Array.from(caches, ([name, list]) => [[name], list.every(({ synced }) => synced) ? 1 : 0]),
    ),
    family(
      stateMetrics.events,
      events === undefined ? [] : Object.entries(events).map(([outcome, count]) => [[outcome], count]),
    ),
    family(
      stateMetrics.loopLag,
      lag === undefined
        ? []
        : [
            [['0.5'], lag.median],
            [['0.99'], lag.p99],
            [['1'], lag.max],
          ],
    ),
    family(stateMetrics.loopActive, one(own.loopActiveSeconds)),
    family(stateMetrics.heapUsed, one(own.heapUsedBytes)),
    family(stateMetrics.seriesRefused, one(refused)),
    family(stateMetrics.cpuSeconds, one(own.cpuSeconds)),
    family(stateMetrics.residentMemory, one(own.residentBytes)),
    family(stateMetrics.startTime, one(own.startSeconds)),
    family(stateMetrics.virtualMemory, one(own.virtualBytes)),
    family(stateMetrics.openFds, one(own.openFds)),
    family(stateMetrics.maxFds, one(own.maxFds)),
  ].join('');
}
