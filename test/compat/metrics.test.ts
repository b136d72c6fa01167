/** The scrape of cert-manager's controller against ours, over the same objects. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../src/api/meta.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { readExposition, textOf } from '../../src/metrics/testing/read-exposition.ts';
import { createFakeClock } from '../../src/kube/testing/fake-clock.ts';
import { labelNames, ofTheProcess, series, withBoundedReasons, withoutMeaning } from './peer-metrics.ts';

const shared = path.resolve(import.meta.dirname, '../../../shared/fixtures');

describe('series of the peer', () => {
  for (const set of ['cert-manager-1.21', 'cert-manager-1.21-acme']) {
    test(`${set}: the same names, types and labels, and for the same objects the same values`, async (context) => {
      const folder = path.join(shared, set);
      if (!existsSync(folder)) {
        context.diagnostic(`left out: the shared fixtures ${set} are not beside this repository`);
        return;
      }
      const list = <T>(file: string): T[] => {
        const file_ = path.join(folder, file);
        return existsSync(file_) ? (JSON.parse(readFileSync(file_, 'utf8')) as { items: T[] }).items : [];
      };
      const metrics = createMetrics({
        clock: createFakeClock(1_795_305_911_000),
        version: '1',
        process: {
          read: () =>
            Promise.resolve({
              cpuSeconds: 1,
              residentBytes: 1,
              heapUsedBytes: 1,
              startSeconds: 1,
              loopActiveSeconds: 1,
            }),
          stop: () => undefined,
        },
      });
      metrics.serve({
        certificates: list<never>('certificates.json'),
        issuers: list<never>('issuers.json'),
        clusterIssuers: list<never>('clusterissuers.json'),
        orders: list<never>('orders.json'),
        challenges: list<never>('challenges.json'),
      } satisfies Record<string, KubeObject[]>);
      metrics.acme({
        scheme: 'https',
        host: 'ca',
        action: 'discover',
        method: 'GET',
        status: 200,
        seconds: 0.1,
      });
      metrics.controllers.step('certificates-issuing', 'issue', true);
      const ours = readExposition(await textOf(metrics.scrape()));
      const theirs = readExposition(readFileSync(path.join(folder, 'metrics.txt'), 'utf8'));
      let compared = 0;
      for (const [name, family] of theirs) {
        const out = withoutMeaning.find((one) => one.name.test(name));
        if (out !== undefined) {
          context.diagnostic(`${name} is left out: ${out.why}`);
          continue;
        }
        const own = ours.get(name);
        assert.ok(own, `${name} is missing`);
        assert.equal(own.type, family.type, name);
        assert.deepEqual(labelNames(own), labelNames(family), name);
        if (!ofTheProcess.test(name))
          assert.deepEqual(series(own, true), series(withBoundedReasons(family), true), name);
        compared++;
      }
      assert.ok(compared >= 9, `${compared} families compared`);
    });
  }
});
