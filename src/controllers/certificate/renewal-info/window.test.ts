import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { chosenInstant, earlyPause, fraction, isEarly, windowProblem } from './window.ts';

const day = 86_400_000;
const life = { notBefore: Date.parse('2026-03-01T00:00:00Z'), notAfter: Date.parse('2026-04-15T00:00:00Z') };
const at = (days: number): number => life.notBefore + days * day;

test('a window is followed only when it can be: in order, after the beginning, in time before the end', () => {
  assert.equal(windowProblem({ start: at(29), end: at(31) }, life), undefined);
  assert.equal(windowProblem({ start: at(29), end: at(400) }, life), undefined, 'its end may lie anywhere');
  assert.match(windowProblem({ start: at(31), end: at(29) }, life) ?? '', /ends before it begins/);
  assert.match(windowProblem({ start: at(29), end: at(29) }, life) ?? '', /ends before it begins/);
  assert.match(windowProblem({ start: at(0), end: at(3) }, life) ?? '', /begins before the certificate/);
  assert.match(windowProblem({ start: at(-9), end: at(3) }, life) ?? '', /begins before the certificate/);
  assert.match(windowProblem({ start: at(44), end: at(45) }, life) ?? '', /no time to renew/);
  assert.match(windowProblem({ start: at(36_500), end: at(36_600) }, life) ?? '', /no time to renew/);
  for (const odd of [NaN, Infinity, -Infinity, 9e15, -9e15])
    for (const window of [
      { start: odd, end: at(31) },
      { start: at(29), end: odd },
    ]) {
      const problem = windowProblem(window, life);
      assert.ok(problem !== undefined || window.end > life.notAfter, `${window.start} ${window.end}`);
    }
});

test('the instant lies in the window, never in the last tenth of the life, and is the same each time', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 39, noNaN: true }),
      fc.double({ min: 0.001, max: 400, noNaN: true }),
      fc.string(),
      (from, long, who) => {
        const window = { start: at(from), end: at(from + long) };
        const instant = chosenInstant(window, life, who);
        assert.equal(instant, chosenInstant({ ...window }, { ...life }, who));
        assert.equal(instant % 1000, 0);
        assert.ok(instant > window.start - 1000 && instant <= window.end);
        assert.ok(instant <= life.notAfter - 4.5 * day || instant < window.start + 1000);
      },
    ),
  );
});

test('many certificates fill the window evenly', () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 5000; i++) counts[Math.floor(fraction(`shop/web-${i} abc`) * 10)]!++;
  for (const count of counts) assert.ok(count > 400 && count < 600, counts.join(' '));
});

test('early is before a third of the life; pauses after early renewals grow to a third of it', () => {
  assert.ok(isEarly(at(14), life));
  assert.ok(!isEarly(at(15), life));
  const hours = [0, 1, 2, 3, 4, 5, 50].map((count) => earlyPause(count, life) / 3_600_000);
  assert.deepEqual(hours, [0, 1, 4, 16, 64, 256, 360]);
});
