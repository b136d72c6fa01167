import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createOrderBudget } from '../acme/budget/create-order-budget.ts';
import type { Certificate } from '../api/certificate.ts';
import type { Challenge } from '../api/challenge.ts';
import type { Order } from '../api/order.ts';
import { TransportError } from '../kube/errors.ts';
import { createQueue } from '../kube/queue.ts';
import { createFakeClock } from '../kube/testing/fake-clock.ts';
import { runWorkers } from '../kube/worker.ts';
import { catalogue } from './catalogue.ts';
import { createMetrics, type Metrics, type ObjectCaches } from './metrics.ts';
import type { ProcessFacts, ProcessWatch } from './process-facts.ts';
import { readExposition, textOf, type Family } from './testing/read-exposition.ts';

const facts: ProcessFacts = {
  cpuSeconds: 1.5,
  residentBytes: 1000,
  heapUsedBytes: 500,
  startSeconds: 100,
  loopActiveSeconds: 2,
  loopLag: { median: 0.001, p99: 0.01, max: 0.1 },
  virtualBytes: 5000,
  openFds: 7,
  maxFds: 1024,
};
const still: ProcessWatch = { read: () => Promise.resolve(facts), stop: () => undefined };
const clock = createFakeClock(1_800_000_000_500);

function metricsOf(caches?: Partial<ObjectCaches>): Metrics {
  const metrics = createMetrics({ clock, version: '1.2.3', process: still });
  if (caches !== undefined)
    metrics.serve({
      certificates: [],
      issuers: [],
      clusterIssuers: [],
      orders: [],
      challenges: [],
      ...caches,
    });
  return metrics;
}

async function scrape(metrics: Metrics): Promise<Map<string, Family>> {
  return readExposition(await textOf(metrics.scrape()));
}

const certificate = (name: string, issuer: string, status?: Certificate['status']): Certificate => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name, namespace: 'shop' },
  spec: { secretName: name, issuerRef: { name: issuer } },
  ...(status === undefined ? {} : { status }),
});

const letsEncrypt = {
  metadata: { name: 'le' },
  spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory' } },
  status: { acme: { uri: 'https://acme-v02.api.letsencrypt.org/acme/acct/1' } },
};
const anOrder = (state: 'pending' | 'valid', nextAttemptAt?: string): Order => ({
  metadata: { name: `o-${state}`, namespace: 'shop' },
  spec: { request: '', issuerRef: { name: 'le', kind: 'ClusterIssuer' } },
  status: { state, ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }) },
});
const aChallenge = (name: string, status: Challenge['status']): Challenge => ({
  metadata: { name, namespace: 'shop' },
  spec: {
    url: '',
    authorizationURL: '',
    dnsName: 'a.example',
    type: 'HTTP-01',
    token: '',
    key: '',
    solver: {},
    issuerRef: { name: 'le' },
  },
  status,
});

describe('metrics', () => {
  test('every family is in the catalogue with its type, labels and help', async () => {
    const metrics = metricsOf({
      certificates: [
        certificate('a', 'ca', {
          failedIssuanceAttempts: 2,
          conditions: [
            {
              type: 'Issuing',
              status: 'True',
              lastTransitionTime: '2026-01-01T00:00:00Z',
              reason: 'x',
              message: '',
            },
          ],
          acme: {
            ari: {
              suggestedWindow: { start: '2026-02-01T00:00:00Z', end: '2026-02-02T00:00:00Z' },
              lastError: 'no route',
            },
          },
        }),
      ],
      issuers: [{ metadata: { name: 'ca', namespace: 'shop' }, spec: {} }] as never,
      clusterIssuers: [letsEncrypt] as never,
      orders: [anOrder('pending', '2099-01-01T00:00:00Z')],
      challenges: [aChallenge('c', { state: 'pending' })],
    });
    metrics.setBudget(createOrderBudget());
    metrics.setCleanUpDebts(2);
    metrics.setMissingRecords(1);
    metrics.acme({
      scheme: 'https',
      host: 'ca',
      action: 'discover',
      method: 'GET',
      status: 200,
      seconds: 0.1,
    });
    metrics.setLeader(true);
    metrics.setShards(2, 8);
    metrics.setAdmissionMode('policies');
    metrics.requests.request('create', 'secrets', 201, 12);
    const { controllers } = metrics;
    controllers.events({ sent: 1, limited: 2, dropped: 3, failed: 4 });
    controllers.cache('certificates', { size: 3, synced: true });
    controllers.step('certificates-issuing', 'issue', true);
    controllers.keyGenerated('RSA', 40);
    controllers.watchFailed('secrets', new TransportError('gone'));
    controllers.breaker('shop/a', clock.now() + 1000);
    const observer = controllers.work('issuers');
    const queue = createQueue({ clock, observer });
    queue.add('shop/ca');
    const workers = runWorkers(queue, () => Promise.reject(new Error('no')), { clock, observer });
    await clock.advance(1);
    await workers.stop();
    const families = await scrape(metrics);
    assert.deepEqual(
      [...families.keys()].toSorted(),
      catalogue.map(({ name }) => name),
      'each metric of the catalogue can be had, and no other',
    );
    for (const { name, type, labels, help } of catalogue) {
      const family = families.get(name)!;
      assert.equal(family.type, type, name);
      assert.equal(family.help, help, name);
      for (const sample of family.samples)
        assert.deepEqual(
          Object.keys(sample.labels).filter(
            (label) => label !== 'le' && !(label === 'quantile' && type === 'summary'),
          ),
          labels,
          name,
        );
    }
    const value = (name: string): number | undefined => families.get(name)?.samples.at(0)?.value;
    assert.equal(value('certwright_queue_retries_total'), 1);
    assert.equal(value('certmanager_controller_sync_error_count'), 1);
    assert.equal(value('certwright_certificate_breaker_open'), 1);
    assert.equal(value('certmanager_clock_time_seconds'), 1_800_000_000);
  });

  test('Orders and Challenges: by state and issuer, eight series for each Challenge, reasons without names', async () => {
    const metrics = metricsOf({
      orders: [anOrder('pending', '2027-01-15T08:34:00Z'), anOrder('pending'), anOrder('valid')],
      challenges: [
        aChallenge('a', {
          processing: true,
          state: 'pending',
          reason: `Waiting for HTTP-01 propagation: "x.example" says 404`,
        }),
        aChallenge('b', undefined),
      ],
    });
    const families = await scrape(metrics);
    const of = (name: string): [string, number][] =>
      families.get(name)!.samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]);
    assert.deepEqual(of('certwright_acme_orders'), [
      ['ClusterIssuer/le pending', 2],
      ['ClusterIssuer/le valid', 1],
    ]);
    assert.deepEqual(of('certwright_acme_orders_waiting'), [['ClusterIssuer/le', 1]]);
    const [[, seconds] = ['', 0]] = of('certwright_acme_next_order_seconds');
    assert.equal(seconds, Math.ceil((Date.parse('2027-01-15T08:34:00Z') - clock.now()) / 1000));
    const challenges = families.get('certmanager_certificate_challenge_status')!.samples;
    assert.equal(challenges.length, 16);
    assert.deepEqual(
      challenges
        .filter(({ value }) => value === 1)
        .map(({ labels }) => [labels.name, labels.status, labels.processing, labels.reason]),
      [
        ['a', 'pending', 'true', 'Waiting for HTTP-N propagation'],
        ['b', '', 'false', ''],
      ],
    );
  });

  test('requests to CAs: a counter, and a summary over the last ten minutes', async () => {
    const own = createFakeClock(1_800_000_000_000);
    const metrics = createMetrics({ clock: own, version: '1', process: still });
    const trip = {
      scheme: 'https',
      host: 'ca:14000',
      action: 'get_order',
      method: 'POST',
      status: 200,
    } as const;
    for (let i = 1; i <= 100; i++) metrics.acme({ ...trip, seconds: i / 100 });
    metrics.acme({ ...trip, status: 999, seconds: 30 });
    const name = 'certmanager_http_acme_client_request_duration_seconds';
    const quantiles = async (): Promise<number[]> =>
      (await scrape(metrics))
        .get(name)!
        .samples.filter(({ labels }) => labels.status === '200' && labels.quantile !== undefined)
        .map(({ value }) => value);
    assert.deepEqual(await quantiles(), [0.5, 0.9, 0.99]);
    await own.advance(601_000);
    assert.deepEqual(await quantiles(), [NaN, NaN, NaN], 'as Go says it');
    const families = await scrape(metrics);
    const total = families.get(name)!.samples.filter((sample) => sample.name !== name);
    assert.deepEqual(
      total.map(({ value }) => Math.round(value)),
      [51, 100, 30, 1],
    );
    assert.equal(families.get('certmanager_http_acme_client_request_count')!.samples[0]?.value, 100);
    for (let i = 0; i < 2000; i++) metrics.acme({ ...trip, host: `h${i}`, seconds: 1 });
    assert.ok((await scrape(metrics)).get(name)!.samples.length < 5 * 510, 'hosts come from users: bounded');
  });

  test('one that stands by tells of itself and of no object', async () => {
    const metrics = metricsOf();
    assert.equal((await scrape(metrics)).has('certwright_leader'), false, 'a process without controllers');
    metrics.setLeader(false);
    const names = [...(await scrape(metrics)).keys()];
    assert.ok(names.includes('certwright_leader') && names.includes('process_resident_memory_bytes'));
    assert.deepEqual(
      names.filter((name) => /certificate_|issuer_/.test(name)),
      [],
    );
  });

  test('controllers that end are not held, and those that begin again are told of once', async () => {
    const metrics = metricsOf({ certificates: [certificate('a', 'ca')] });
    for (const size of [3, 5]) {
      metrics.controllers.cache('certificates', { size, synced: true });
      createQueue({ clock, observer: metrics.controllers.work('certificates') });
      if (size === 3) createQueue({ clock, observer: metrics.cainjector.work('cainjector') });
      if (size === 3) metrics.controllers.breaker('shop/a', clock.now() + 60_000);
      if (size === 3) metrics.serve(undefined);
    }
    const families = await scrape(metrics);
    assert.deepEqual(
      families.get('certwright_cache_objects')?.samples.map(({ value }) => value),
      [5],
    );
    assert.deepEqual(
      families
        .get('certwright_queue_depth')
        ?.samples.map(({ labels }) => labels['controller'])
        .toSorted(),
      ['cainjector', 'certificates'],
      'CA injection goes on while the controllers stand by',
    );
    assert.equal(families.has('certmanager_certificate_ready_status'), false);
    assert.equal(families.has('certwright_certificate_breaker_open'), false, 'whoever works now knows of it');
  });

  test('a breaker that has closed by itself is not told as open', async () => {
    const metrics = metricsOf();
    metrics.controllers.breaker('shop/a', clock.now() - 1);
    const families = await scrape(metrics);
    assert.equal(families.has('certwright_certificate_breaker_open'), false);
    assert.equal(families.get('certwright_breaker_open_certificates')?.samples[0]?.value, 0);
  });

  test('hostile names stay inside their quotes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (issuer) => {
        // Lone surrogates do not survive UTF-8 on any way.
        fc.pre(issuer.isWellFormed());
        const families = await scrape(metricsOf({ certificates: [certificate('a', issuer)] }));
        const [sample] = families.get('certmanager_certificate_not_after_timestamp_seconds')!.samples;
        assert.equal(sample?.labels['issuer_name'], issuer);
      }),
      { numRuns: 200 },
    );
    const long = await scrape(metricsOf({ certificates: [certificate('a', 'x'.repeat(1_000_000))] }));
    const [cut] = long.get('certmanager_certificate_not_after_timestamp_seconds')!.samples;
    assert.equal(cut?.labels['issuer_name']?.length, 513);
  });

  test('a fault of ours in a label fills no memory', async () => {
    const metrics = metricsOf();
    for (let i = 0; i < 2000; i++) metrics.requests.request('get', `r${i}`, 200, 1);
    const families = await scrape(metrics);
    const { samples } = families.get('certwright_api_requests_total')!;
    assert.equal(samples.length, 501);
    assert.equal(samples.at(-1)?.labels['resource'], 'other');
    assert.equal(
      samples.reduce((sum, { value }) => sum + value, 0),
      2000,
    );
    assert.ok(families.get('certwright_metrics_series_refused_total')!.samples[0]!.value >= 1499);
  });
});

describe('a scrape of 10,000 Certificates', () => {
  const time = '2026-11-22T00:00:00Z';
  const many = Array.from({ length: 10_000 }, (_, i) =>
    certificate(`certificate-${i}`, 'ca', {
      notBefore: time,
      notAfter: time,
      renewalTime: time,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time, reason: 'Ready', message: '' }],
    }),
  );

  test('is whole, comes in small pieces and lets the event loop go between them', async () => {
    let turns = 0;
    const metrics = createMetrics({
      clock,
      version: '1',
      process: still,
      breathe: () => {
        turns++;
        return new Promise((resolve) => void setImmediate(resolve));
      },
    });
    metrics.serve({ certificates: many, issuers: [], clusterIssuers: [], orders: [], challenges: [] });
    // Once to be compiled; the least of three, as others share the machine.
    for await (const _ of metrics.scrape()) continue;
    const cpuMs: number[] = [];
    let longest = 0;
    let samples = 0;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let i = 0; i < 3; i++) {
      const before = process.cpuUsage();
      samples = 0;
      for await (const chunk of metrics.scrape()) {
        longest = Math.max(longest, chunk.length);
        for (let at = chunk.indexOf('\ncertmanager_certificate_'); at >= 0;) {
          samples++;
          at = chunk.indexOf('\ncertmanager_certificate_', at + 1);
        }
      }
      const used = process.cpuUsage(before);
      cpuMs.push((used.user + used.system) / 1000);
    }
    delay.disable();
    assert.ok(samples > 69_000, `${samples} samples`);
    assert.ok(longest < 200_000, `${longest} characters in one chunk`);
    assert.ok(turns > 4 * 250, `${turns} turns`);
    assert.ok(Math.min(...cpuMs) < 100, `${Math.min(...cpuMs)} ms of processor time`);
    // The median: a busy machine takes the processor away at any moment, which is not our doing.
    assert.ok(delay.percentile(50) / 1e6 < 20, `${delay.percentile(50) / 1e6} ms between two turns`);
  });

  test('reads one state: what changes meanwhile gives no Certificate two series', async () => {
    const cache = new Map(many.slice(0, 1000).map((one) => [one.metadata!.name!, one]));
    const metrics = metricsOf({ certificates: cache });
    let text = '';
    for await (const chunk of metrics.scrape()) {
      text += chunk;
      const [name, first] = [...cache][0]!;
      cache.delete(name);
      cache.set(name, first);
      cache.set(`new-${text.length}`, certificate(`new-${text.length}`, 'ca'));
    }
    const ready = readExposition(text).get('certmanager_certificate_ready_status')!;
    assert.equal(ready.samples.length, 3000);
  });

  test('a reader that goes away ends it', async () => {
    let chunks = 0;
    for await (const _ of metricsOf({ certificates: many }).scrape()) if (++chunks === 2) break;
    assert.equal(chunks, 2);
  });
});
