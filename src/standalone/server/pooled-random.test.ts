import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pooledRandom } from './pooled-random.ts';

test('gives as many bytes as asked for, never the same twice, across pages', () => {
  const random = pooledRandom();
  const seen = new Set<string>();
  for (let round = 0; round < 1000; round++) {
    const bytes = random(16);
    assert.equal(bytes.length, 16);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  assert.equal(seen.size, 1000);
  assert.equal(random(5000).length, 5000);
  assert.equal(random(0).length, 0);
});

test('what it gives is the caller’s own', () => {
  const random = pooledRandom();
  const first = random(16);
  const copy = Uint8Array.from(first);
  for (let round = 0; round < 600; round++) random(16);
  assert.deepEqual(first, copy);
  first.fill(0);
  assert.notDeepEqual(random(16), first);
});
