import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { BudgetOrder } from '../../acme/budget/order-budget.ts';
import { readCaLimits } from '../../acme/budget/ca-limits.ts';
import type { ConfigMap } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ForbiddenError, TransportError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { budgetConfigMap, forgetful, openBudget, readBudget } from './budget-store.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const directory = 'https://ca.example/directory';
const namespace = 'cert-manager';
const limits = readCaLimits([
  {
    ca: 'ours',
    directories: [directory],
    limits: [
      {
        name: 'certificates',
        counts: 'certificate',
        per: 'registered-domain',
        allowed: 1,
        windowSeconds: 86_400,
      },
    ],
  },
]);
const wish = (id: string, name: string, ca = directory): BudgetOrder => ({
  id,
  directory: ca,
  account: 'https://ca.example/a/1',
  identifiers: [{ type: 'dns', value: name }],
  replaces: false,
});

/** Tells when the ledger was first stored: it is packed beside the event loop, which no clock of a test waits for. */
class Telling extends MemoryClient {
  readonly stored = Promise.withResolvers<void>();
  override async create<T extends KubeObject>(...args: Parameters<KubeClient['create']>): Promise<T> {
    const answer = await super.create(...args);
    this.stored.resolve();
    return answer as T;
  }
}

suite('the kept ledger', () => {
  test('is remembered by the next leader, and written once for many orders', async () => {
    const client = new Telling();
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const open = { client, namespace, limits, clock, log };
    const first = await openBudget(open);
    assert.equal(first.budget.admit(wish('1', 'a.example.com'), clock.now()).admit, true);
    first.budget.issued(wish('1', 'a.example.com'), clock.now());
    for (let id = 0; id < 100; id++)
      first.budget.placed(wish(`other-${id}`, `n${id}.example.org`), clock.now());
    await clock.advance(60_000);
    await client.stored.promise;
    const written = client.writes.length;
    // A patch that finds nothing, and a creation.
    assert.ok(written <= 2, `${written} writes`);
    await clock.advance(600_000);
    await first.close();
    assert.equal(client.writes.length, written, 'nothing has changed since');

    const second = await openBudget(open);
    assert.equal(second.budget.admit(wish('2', 'b.example.com'), clock.now()).admit, false);
    assert.equal(
      second.budget.admit(wish('1', 'a.example.net', 'https://other.example/'), clock.now()).admit,
      true,
    );
    second.abandon();
    const stored = await readBudget(client, namespace);
    assert.deepEqual(stored?.limits, limits);
    const { data } = await client.get<ConfigMap>(configMaps, { namespace, name: budgetConfigMap });
    assert.match(data?.['about'] ?? '', /certwright acme budget/u);
  });

  test('begins anew where it is damaged or cannot be read, and blocks nobody', async () => {
    const client = new MemoryClient();
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const metadata = { name: budgetConfigMap, namespace };
    await client.create<ConfigMap>(
      configMaps,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData: { 'ledger.json.gz': 'bm8gZ3ppcA==' } },
      { fieldManager: 'test' },
    );
    const away = new MemoryClient();
    away.failure = new TransportError('away');
    for (const broken of [client, away]) {
      const told: string[] = [];
      const warn = (_fields: object, message: string): void => void told.push(message);
      const kept = await openBudget({ client: broken, namespace, limits, clock, log: { ...log, warn } });
      assert.equal(kept.budget.admit(wish('1', 'a.example.com'), clock.now()).admit, true);
      kept.abandon();
      assert.match(told.join(), /counted anew/u);
    }
  });

  test('asks once for a right that it does not have', async () => {
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    let tries = 0;
    class Refusing extends MemoryClient {
      override patch(): Promise<never> {
        tries += 1;
        return Promise.reject(new ForbiddenError('no such right'));
      }
    }
    const refusing = new Refusing();
    const kept = await openBudget({ client: refusing, namespace, limits, clock, log });
    for (let id = 0; id < 3; id++) {
      kept.budget.placed(wish(String(id), 'a.example.com'), clock.now());
      await clock.advance(60_000);
    }
    await kept.close();
    assert.equal(tries, 1);
  });

  test('counts by the public suffixes of the system, where it has them', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'budget-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const publicSuffixList = join(folder, 'list.dat');
    await writeFile(publicSuffixList, 'com\nhosting.com\n');
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const kept = await openBudget({
      client: new MemoryClient(),
      namespace,
      limits,
      clock,
      log,
      publicSuffixList,
    });
    kept.budget.issued(wish('1', 'a.hosting.com'), clock.now());
    assert.equal(kept.budget.admit(wish('2', 'b.hosting.com'), clock.now()).admit, true);
    assert.equal(kept.budget.admit(wish('3', 'www.a.hosting.com'), clock.now()).admit, false);
    kept.abandon();
  });

  test('fits into a ConfigMap whatever was ordered', async () => {
    const client = new MemoryClient();
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const kept = await openBudget({ client, namespace, limits, clock, log });
    // UUIDs do not compress: the worst that an Order's UID can be.
    for (let id = 0; id < 9_000; id++)
      kept.budget.placed(wish(crypto.randomUUID(), `${crypto.randomUUID()}.example`), clock.now());
    await kept.close();
    const { binaryData } = await client.get<ConfigMap>(configMaps, { namespace, name: budgetConfigMap });
    assert.ok((binaryData?.['ledger.json.gz']?.length ?? Infinity) < 1_000_000);
    const next = await openBudget({ client, namespace, limits, clock, log });
    assert.ok(Object.keys(next.budget.serialise(clock.now()).levels).length > 5_000, 'what is used is kept');
    next.abandon();
  });

  test('is not written any more by who has lost the lease', async () => {
    const client = new MemoryClient();
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const kept = await openBudget({ client, namespace, limits, clock, log });
    kept.budget.placed(wish('1', 'a.example.com'), clock.now());
    kept.abandon();
    await clock.advance(120_000);
    await kept.close();
    assert.deepEqual(client.writes, []);
  });

  test('is kept by nobody where several work at the same time', async () => {
    const kept = forgetful(limits);
    const { budget } = kept;
    assert.equal(budget.admit(wish('1', 'a.example.com'), 0).admit, true);
    assert.equal(budget.admit(wish('2', 'b.example.com'), 0).admit, false);
    await kept.close();
  });
});
