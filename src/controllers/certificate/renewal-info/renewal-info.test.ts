import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { nextQuestion, windowOf, withNews, type RenewalNews } from './renewal-info.ts';

const hour = 3_600_000;
const day = 24 * hour;
const life = { notBefore: Date.parse('2026-03-01T00:00:00Z'), notAfter: Date.parse('2026-04-15T00:00:00Z') };
const now = Date.parse('2026-03-10T12:00:00Z');
const window = { start: Date.parse('2026-03-29T00:00:00Z'), end: Date.parse('2026-03-31T00:00:00Z') };
const answer = (more: Partial<Extract<RenewalNews, { kind: 'window' }>> = {}): RenewalNews => ({
  kind: 'window',
  at: now,
  window,
  ...more,
});
const after = (news: RenewalNews, who = 'shop/web x'): number =>
  Date.parse(withNews(undefined, news, life, who)?.nextCheck ?? '') - now;

test('an answer becomes the status of the CRD, to the second', () => {
  const ari = withNews(
    undefined,
    answer({ explanationURL: 'https://ca.example/why', retryAfterMs: 8 * hour }),
    life,
    'x',
  )!;
  assert.deepEqual(Object.keys(ari).toSorted(), [
    'explanationURL',
    'lastChecked',
    'nextCheck',
    'suggestedWindow',
  ]);
  assert.deepEqual(ari.suggestedWindow, { start: '2026-03-29T00:00:00Z', end: '2026-03-31T00:00:00Z' });
  assert.equal(ari.explanationURL, 'https://ca.example/why');
  assert.equal(ari.lastChecked, '2026-03-10T12:00:00Z');
  assert.deepEqual(windowOf(ari, life), { ...window, over: false, explanationURL: 'https://ca.example/why' });
});

test('the next question: Retry-After within an hour and a week, six hours without, moved by up to a tenth', () => {
  const cases: [number | undefined, number][] = [
    [undefined, 6 * hour],
    [8 * hour, 8 * hour],
    [0, hour],
    [-5, hour],
    [1e15, 7 * day],
    [NaN, hour],
  ];
  for (const [retryAfterMs, wanted] of cases) {
    const delays = Array.from({ length: 200 }, (_, i) =>
      after(answer(retryAfterMs === undefined ? {} : { retryAfterMs }), `shop/web-${i}`),
    );
    for (const delay of delays) assert.ok(delay >= 0.9 * wanted - 1000 && delay <= 1.1 * wanted);
    assert.ok(Math.max(...delays) - Math.min(...delays) > 0.15 * wanted, 'not all at the same moment');
  }
  assert.equal(after(answer()), after(answer()), 'the same for the same certificate');
});

test('a CA that cannot be reached has taken nothing back; one that knows nothing has', () => {
  const known = withNews(undefined, answer(), life, 'x')!;
  const error = { kind: 'error', at: now + day, message: 'no route' } as const;
  const kept = withNews(known, { ...error, lasting: false }, life, 'x')!;
  assert.deepEqual(kept.suggestedWindow, known.suggestedWindow);
  assert.equal(kept.lastError, 'no route');
  const dropped = withNews(known, { ...error, lasting: true }, life, 'x')!;
  assert.equal(dropped.suggestedWindow, undefined);
  assert.equal(dropped.lastError, 'no route');
  assert.equal(
    withNews(dropped, answer(), life, 'x')?.lastError,
    undefined,
    'forgotten with the next answer',
  );
  assert.equal(withNews(known, { kind: 'none', at: now }, life, 'x'), undefined);
  const long = withNews(known, { ...error, message: 'x'.repeat(100_000), lasting: false }, life, 'x')!;
  assert.ok((long.lastError?.length ?? 0) <= 4096);
});

test('a window that cannot be followed is an error and no window', () => {
  for (const lie of [
    { start: life.notBefore - day, end: life.notBefore + day },
    { start: now + 36_500 * day, end: now + 36_501 * day },
    { start: window.end, end: window.start },
  ]) {
    const ari = withNews(withNews(undefined, answer(), life, 'x'), answer({ window: lie }), life, 'x')!;
    assert.equal(ari.suggestedWindow, undefined);
    assert.match(ari.lastError ?? '', /suggested window/);
  }
});

test('whatever a CA says makes a status that the CRD takes', () => {
  const time = fc.oneof(fc.double({ noNaN: false }), fc.integer({ min: life.notBefore, max: life.notAfter }));
  fc.assert(
    fc.property(
      time,
      time,
      fc.option(fc.string(), { nil: undefined }),
      fc.option(time, { nil: undefined }),
      (start, end, explanationURL, retryAfterMs) => {
        const ari = withNews(
          undefined,
          answer({ window: { start, end }, explanationURL, retryAfterMs }),
          life,
          'x',
        )!;
        const times = [ari.lastChecked, ari.nextCheck, ari.suggestedWindow?.start, ari.suggestedWindow?.end];
        for (const text of times)
          if (text !== undefined) assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        if (ari.suggestedWindow !== undefined)
          assert.ok(windowOf(ari, life) !== undefined, 'and can be read back');
        assert.equal(ari.suggestedWindow === undefined, ari.lastError !== undefined);
      },
    ),
  );
});

test('only web addresses explain', () => {
  for (const explanationURL of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'no url',
    `https://x/${'a'.repeat(3000)}`,
  ])
    assert.equal(withNews(undefined, answer({ explanationURL }), life, 'x')?.explanationURL, undefined);
});

test('over is what was over when the CA was asked, however late it is now', () => {
  const ari = withNews(undefined, answer({ at: window.end + hour }), life, 'x')!;
  assert.equal(windowOf(ari, life)?.over, true);
  assert.equal(windowOf({ ...ari, lastChecked: '2026-03-30T00:00:00Z' }, life)?.over, false);
  assert.equal(windowOf({ ...ari, suggestedWindow: { start: 'never', end: 'ever' } }, life), undefined);
});

test('times that a wrong clock wrote do not put the question off', () => {
  const ari = withNews(undefined, answer(), life, 'x')!;
  assert.equal(nextQuestion(undefined, now), 0);
  assert.equal(nextQuestion({}, now), 0);
  assert.equal(nextQuestion(ari, now), Date.parse(ari.nextCheck ?? ''));
  assert.equal(nextQuestion(ari, now - 2 * day), 0, 'asked in the future: the clock was set back');
  assert.equal(nextQuestion({ ...ari, nextCheck: '2099-01-01T00:00:00Z' }, now), 0);
});
