/** What is owed to several providers is paid beside each other: one that is dead holds up no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChallengeSpec } from '../../api/challenge.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { collectDebts, idleMs, type DebtCollectorDeps } from './debt-collector.ts';
import type { Debt } from './debts.ts';
import { Removals } from './shared-place.ts';

const minute = 60_000;
const since = '2026-11-22T00:00:00Z';
const debt = (provider: string, index: number): Debt => ({
  namespace: 'shop',
  name: `${provider}-${index}`,
  uid: `${provider}-${index}`,
  spec: {
    type: 'DNS-01',
    dnsName: `${provider}-${index}.example`,
    key: `${provider}-${index}`,
    issuerRef: { name: `acme-${index % 3}`, kind: 'ClusterIssuer' },
    solver: { dns01: { webhook: { groupName: provider, solverName: 'x' } } },
  } as ChallengeSpec,
  since,
  attempts: 0,
  problem: '',
});
const many = (provider: string, count: number): Debt[] =>
  Array.from({ length: count }, (_, index) => debt(provider, index));

function collector(owed: Debt[], dead: string) {
  const clock = createFakeClock(Date.parse(since) + 6 * minute);
  const tried: string[] = [];
  const silent = (): void => undefined;
  const deps: DebtCollectorDeps = {
    context: {
      clock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      options: { clusterResourceNamespace: 'kube-system' } as DebtCollectorDeps['context']['options'],
    },
    solvers: {
      for: () => ({
        present: () => Promise.resolve(),
        check: () => Promise.reject(new Error('not asked')),
        cleanUp: ({ challenge, signal }) => {
          tried.push(challenge.metadata?.name ?? '');
          if (!challenge.spec.dnsName.startsWith(dead)) return Promise.resolve();
          return new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          });
        },
      }),
    },
    settings: { ambient: { clusterIssuers: true, issuers: false } },
    debts: {
      list: () => Promise.resolve([...owed]),
      remove: (uid: string) => {
        owed.splice(
          owed.findIndex((one) => one.uid === uid),
          1,
        );
        return Promise.resolve();
      },
      tried: (one: Debt, problem: string) => {
        const at = owed.findIndex(({ uid }) => uid === one.uid);
        owed[at] = { ...one, attempts: one.attempts + 1, problem };
        return Promise.resolve();
      },
    } as unknown as DebtCollectorDeps['debts'],
    holding: () => [],
    removals: new Removals({ began: silent, ended: silent }),
    signal: new AbortController().signal,
  };
  return { clock, deps, tried };
}

test('a dead provider keeps two places, gets three tries, and the others are paid meanwhile', async () => {
  const owed = [...many('dead', 20), ...many('alive', 20), ...many('well', 20)];
  const { clock, deps, tried } = collector(owed, 'dead');
  const lastTry = new Map<string, number>();
  const round = collectDebts(deps, lastTry);
  await clock.advance(0);
  assert.deepEqual(
    owed.map(({ name }) => name.replace(/-\d+$/u, '')).filter((name) => name !== 'dead'),
    [],
    'before any time-out',
  );
  assert.equal(tried.filter((name) => name.startsWith('dead')).length, 2);
  for (let call = 0; call < 3; call++) await clock.advance(3 * minute);
  const again = await round;
  assert.ok(again <= 5 * minute);
  const first = tried.filter((name) => name.startsWith('dead'));
  assert.ok(first.length <= 4, first.join());
  assert.equal(owed.filter(({ attempts }) => attempts > 0).length, first.length);
  // The next look begins with those that had no turn.
  tried.length = 0;
  await clock.advance(10 * minute);
  const next = collectDebts(deps, lastTry);
  await clock.advance(0);
  assert.equal(tried.length, 2);
  assert.ok(!tried.some((name) => first.includes(name)), tried.join());
  for (let call = 0; call < 3; call++) await clock.advance(3 * minute);
  await next;
});

test('the next look is when the next one is due: a new one, and one that failed twice as late each time', async () => {
  const owed = [...many('alive', 1)];
  const { clock, deps, tried } = collector(owed, 'dead');
  const lastTry = new Map<string, number>();
  assert.equal(await collectDebts(deps, lastTry), idleMs);
  assert.deepEqual([tried.length, owed.length, lastTry.size], [1, 0, 0]);
  owed.push({ ...debt('alive', 1), since: new Date(clock.now() - minute).toISOString() });
  assert.equal(await collectDebts(deps, lastTry), 4 * minute);
  assert.equal(tried.length, 1);
  owed.splice(0, 1, debt('dead', 1));
  const round = collectDebts(deps, lastTry);
  await clock.advance(3 * minute);
  assert.equal(await round, 10 * minute);
  assert.deepEqual([...lastTry.keys()], ['dead-1']);
  owed.length = 0;
  await collectDebts(deps, lastTry);
  assert.equal(lastTry.size, 0, 'what somebody else forgave is not remembered');
});
