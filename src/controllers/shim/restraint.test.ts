import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Restraint } from './restraint.ts';

test('the fourth write for one version of an object waits, each longer than the last, at most five minutes', () => {
  let now = 0;
  const restraint = new Restraint({ now: () => now });
  const waits: number[] = [];
  for (let write = 0; write < 14; write++) {
    const wait = restraint.waitMs('shop/web', '1', 'web-tls');
    waits.push(wait);
    now += wait;
    assert.equal(restraint.waitMs('shop/web', '1', 'web-tls'), 0);
    restraint.wrote('shop/web', '1', 'web-tls');
  }
  assert.deepEqual(waits.slice(0, 6), [0, 0, 0, 5_000, 10_000, 20_000]);
  assert.equal(waits.at(-1), 300_000);
});

test('a change of the object, another Certificate and a new object begin anew', () => {
  const restraint = new Restraint({ now: () => 0 });
  for (let write = 0; write < 5; write++) restraint.wrote('shop/web', '1', 'web-tls');
  assert.ok(restraint.waitMs('shop/web', '1', 'web-tls') > 0);
  assert.equal(restraint.waitMs('shop/web', '2', 'web-tls'), 0);
  assert.equal(restraint.waitMs('shop/web', '1', 'other'), 0);
  restraint.forget('shop/web');
  assert.equal(restraint.waitMs('shop/web', '1', 'web-tls'), 0);
});
