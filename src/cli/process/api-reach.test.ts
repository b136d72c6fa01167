/** Readiness follows the answers of the API server: a short silence is a restart, a long one is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchApiReach } from './api-reach.ts';

test('not ready before the first answer and after half a minute of failures', () => {
  let now = 0;
  const { observer, check, answered } = watchApiReach({ now: () => now });
  const request = (code: number): void => observer.request('get', 'leases', code, 1);
  assert.match(check.check() ?? '', /has not answered yet/);
  answered();
  assert.equal(check.check(), undefined);
  request(0);
  now += 30_000;
  request(503);
  assert.equal(check.check(), undefined);
  now += 1_000;
  assert.match(check.check() ?? '', /has not answered for 31 s/);
  // Refusals are answers.
  request(429);
  assert.equal(check.check(), undefined);
  now += 3_600_000;
  assert.equal(check.check(), undefined);
});
