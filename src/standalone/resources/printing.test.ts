import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageSince, columnFromPath, humanDuration } from './printing.ts';

test('durations as Kubernetes prints them', () => {
  const minute = 60_000;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: [number, string][] = [
    [0, '0s'],
    [119_000, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 5000, '2m5s'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [7 * day + hour, '7d1h'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [3 * 365 * day + 5 * day, '3y5d'],
    [9 * 365 * day, '9y'],
    [-5000, '<invalid>'],
  ];
  for (const [milliseconds, text] of cases) assert.equal(humanDuration(milliseconds), text);
});

test('ages of missing and odd times', () => {
  assert.deepEqual([ageSince(undefined, 0), ageSince('soon', 0)], ['<unknown>', '<invalid>']);
});

test('cells follow their type', () => {
  const cell = (type: string, value: unknown): unknown =>
    columnFromPath({ name: 'x', type, jsonPath: '.spec.v' }).cell({ spec: { v: value } }, 0);
  assert.deepEqual(
    [
      cell('string', 'a'),
      cell('string', 5),
      cell('integer', 5.5),
      cell('integer', 'a'),
      cell('boolean', true),
    ],
    ['a', '5', 5, null, true],
  );
  assert.equal(columnFromPath({ name: 'x', type: 'string', jsonPath: '.spec.v' }).cell({}, 0), null);
});
