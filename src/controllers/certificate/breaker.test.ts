import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakerMessage, createBreaker } from './breaker.ts';

const subject = { uid: 'a', namespace: 'shop', generation: 1 };
const minute = 60_000;

test('five repetitions, then one every ten minutes', () => {
  const breaker = createBreaker();
  for (let i = 0; i < 5; i++) {
    assert.equal(breaker.blockedUntil('issue', subject, 0), undefined);
    breaker.record('issue', subject, 0);
  }
  assert.equal(breaker.blockedUntil('issue', subject, 0), 10 * minute);
  assert.equal(breaker.blockedUntil('repair', subject, 0), undefined);
  assert.equal(breaker.blockedUntil('issue', subject, 10 * minute), undefined);
  breaker.record('issue', subject, 10 * minute);
  assert.equal(breaker.blockedUntil('issue', subject, 10 * minute), 20 * minute);
});

test('a change of the spec clears it, and so does the end of the Certificate', () => {
  const breaker = createBreaker();
  for (let i = 0; i < 5; i++) breaker.record('issue', subject, 0);
  assert.equal(breaker.blockedUntil('issue', { ...subject, generation: 2 }, 0), undefined);
  breaker.forget('a');
  assert.equal(breaker.size, 0);
  assert.equal(breaker.blockedUntil('issue', subject, 0), undefined);
});

test('a clock that is set back does not freeze it', () => {
  const breaker = createBreaker();
  for (let i = 0; i < 5; i++) breaker.record('issue', subject, 100 * minute);
  assert.equal(breaker.blockedUntil('issue', subject, 0), 10 * minute);
  assert.equal(breaker.blockedUntil('issue', subject, 10 * minute), undefined);
});

test('many Certificates restored once each are no storm; the same ones over and over are', () => {
  const limits = {
    certificate: { burst: 5, refillMs: minute },
    namespace: { burst: 10, refillMs: minute },
    process: { burst: 100, refillMs: minute },
  };
  const breaker = createBreaker(limits);
  const many = Array.from({ length: 50 }, (_, i) => ({ uid: `c${i}`, namespace: 'shop', generation: 1 }));
  for (const one of many) breaker.record('issue', one, 0);
  assert.deepEqual(
    many.map((one) => breaker.blockedUntil('issue', { ...one, uid: `${one.uid}x` }, 0)),
    many.map(() => undefined),
  );
  for (const one of many)
    if (breaker.blockedUntil('issue', one, 0) === undefined) breaker.record('issue', one, 0);
  assert.equal(breaker.blockedUntil('issue', many[49]!, 0), minute);
  assert.equal(
    breaker.blockedUntil('issue', { uid: 'elsewhere', namespace: 'other', generation: 1 }, 0),
    undefined,
  );
});

test('namespaces whose buckets are full again are forgotten', () => {
  const breaker = createBreaker();
  const storm = (namespace: string, now: number): void => {
    for (let i = 0; i < 3; i++) breaker.record('issue', { uid: namespace, namespace, generation: 1 }, now);
  };
  for (let i = 0; i < 50; i++) storm(`first-${i}`, 0);
  assert.equal(breaker.namespaces, 50);
  storm('later', 10 * minute);
  assert.equal(breaker.namespaces, 1);
});

test('the message names the culprit and the remedy, or says that nobody can be named', () => {
  const at = Date.parse('2026-01-01T00:10:00Z');
  assert.equal(
    breakerMessage('Secret is broken', 'web', [{ manager: 'argocd', operation: 'Update' }], at),
    'Secret is broken; not repeated before 2026-01-01T00:10:00Z because field manager "argocd" (Update) keeps changing Secret "web" after we write it. Stop that writer, or give this Certificate another spec.secretName; a change of the spec starts again at once',
  );
  assert.match(breakerMessage('x', 'web', [], at), /left no field manager to name/);
});
