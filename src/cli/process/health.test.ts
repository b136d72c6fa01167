/** The health endpoints say which check failed and why, and nothing is well by default that is not there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockHealth, Health } from './health.ts';

function health(): { health: Health; fail: (why?: string) => void } {
  const made = new Health();
  let reason: string | undefined;
  made.addLive({ name: 'clockHealth', check: () => undefined });
  made.addLive({ name: 'leaderElection', check: () => reason, note: () => 'standing by' });
  made.addReady({ name: 'caches', check: () => 'not yet complete' });
  return { health: made, fail: (why) => void (reason = why) };
}

test('all is well: ok, and the checks by name with ?verbose', () => {
  const { health: made } = health();
  for (const root of ['/livez', '/healthz', '/livez/', '/livez/leaderElection'])
    assert.deepEqual(made.answer(root), { status: 200, body: 'ok' });
  for (const query of ['?verbose', '?verbose=1', '?a=b&verbose='])
    assert.deepEqual(made.answer(`/livez${query}`), {
      status: 200,
      body: '[+]clockHealth ok\n[+]leaderElection ok: standing by\nlivez check passed\n',
    });
});

test('a failed check is told with its reason, asked for or not', () => {
  const { health: made, fail } = health();
  fail('nobody renews it');
  assert.deepEqual(made.answer('/livez'), {
    status: 500,
    body: '[+]clockHealth ok\n[-]leaderElection failed: nobody renews it\nlivez check failed\n',
  });
  assert.equal(made.answer('/livez/clockHealth').status, 200);
  assert.equal(made.answer('/livez/leaderElection').status, 500);
  assert.match(made.answer('/readyz').body, /\[-\]caches failed: not yet complete/);
  fail();
  assert.equal(made.answer('/livez').status, 200);
});

test('what is not there is 404', () => {
  const { health: made } = health();
  for (const path of [
    '/',
    '',
    '/metrics',
    '/livez/nonsense',
    '/livez/leaderElection/x',
    '/constructor',
    '/readyz/clockHealth',
  ])
    assert.equal(made.answer(path).status, 404, path);
});

test('a clock that leaves elapsed time by more than five minutes is told, in either direction', () => {
  let [now, elapsed] = [1_000_000, 50];
  const { check } = clockHealth({ now: () => now }, () => elapsed);
  now += 3_600_000;
  elapsed += 3_600_000;
  assert.equal(check(), undefined);
  now += 300_000;
  assert.equal(check(), undefined);
  now += 1_000;
  assert.match(check() ?? '', /moved by 301 s/);
  now -= 700_000;
  assert.match(check() ?? '', /moved by -399 s/);
});
