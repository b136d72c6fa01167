/** The scrape of cert-manager's controller against ours, over the same objects. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../src/api/meta.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { readExposition, textOf, type Family } from '../../src/metrics/testing/read-exposition.ts';
import { createFakeClock } from '../../src/kube/testing/fake-clock.ts';

const shared = path.resolve(import.meta.dirname, '../../../shared/fixtures');

/** Families of the peer that nothing here stands for. */
const withoutMeaning: readonly { name: RegExp; why: string }[] = [
  {
    name: /^go_/,
    why: "the peer's runtime; ours tells certwright_event_loop_* and certwright_heap_used_bytes",
  },
  {
    name: /^certmanager_venafi_/,
    why: 'there is no Venafi issuer here: a name without data would promise one',
  },
  { name: /^certmanager_http_(acme|venafi)_/, why: 'there is no such issuer here' },
  { name: /^certmanager_certificate_challenge_status$/, why: 'there is no ACME issuer here' },
];

/** Values that are those of another process at another time. */
const ofTheProcess = /^(certmanager_controller_sync_|certmanager_clock_|process_)/;

function identity({ name, samples }: Family): string[] {
  return samples
    .map(({ labels, value }) => {
      const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return `${name} ${JSON.stringify(sorted)} ${value}`;
    })
    .toSorted();
}

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
      } satisfies Record<string, KubeObject[]>);
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
        const labels = (of: Family): string[] =>
          [...new Set(of.samples.flatMap((sample) => Object.keys(sample.labels)))].toSorted();
        assert.deepEqual(labels(own), labels(family), name);
        if (!ofTheProcess.test(name)) assert.deepEqual(identity(own), identity(family), name);
        compared++;
      }
      assert.ok(compared >= 9, `${compared} families compared`);
    });
  }
});
