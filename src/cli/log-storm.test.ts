import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StormFilter } from './log-storm.ts';
import { createLog } from './log.ts';

test('forty lines a second pass, the rest is counted, and the count comes with the next line that is printed', () => {
  const filter = new StormFilter();
  const answers = Array.from({ length: 100 }, () => filter.next(5_000, false));
  assert.equal(answers.filter(({ print }) => print).length, 40);
  assert.deepEqual(filter.next(5_999, true), { print: true, leftOut: 60 });
  assert.deepEqual(filter.next(5_999, false), { print: false, leftOut: 0 });
  assert.deepEqual(filter.next(6_000, false), { print: true, leftOut: 1 });
  assert.deepEqual(filter.next(6_000, false), { print: true, leftOut: 0 });
});

test('a clock that is set back stops nothing', () => {
  const filter = new StormFilter();
  for (let i = 0; i < 50; i++) filter.next(5_000, false);
  assert.deepEqual(filter.next(1_000, false), { print: true, leftOut: 10 });
});

function linesOf(format: 'text' | 'json', level: 'debug' | 'info'): string[] {
  const lines: string[] = [];
  const log = createLog({ format, level, write: (line) => void lines.push(line), color: false });
  for (let i = 0; i < 200; i++) log.info({ certificate: `shop/c${i}` }, 'issued');
  for (let i = 0; i < 50; i++) log.warn({}, 'something is wrong');
  log.info({ progress: true }, '200 of 200 Certificates are Ready');
  return lines;
}

test('text for people is thinned out at info; warnings and progress are not, and nothing is lost silently', () => {
  const lines = linesOf('text', 'info');
  const counted = lines
    .flatMap((line) => [.../\((\d+) more lines/g[Symbol.matchAll](line)])
    .reduce((sum, match) => sum + Number(match[1]), 0);
  const issued = lines.filter((line) => line.includes('issued')).length;
  assert.ok(issued < 200);
  assert.equal(issued + counted, 200);
  assert.equal(lines.filter((line) => line.includes('something is wrong')).length, 50);
  assert.match(lines.at(-1) ?? '', /\d 200 of 200 Certificates are Ready\n$/);
});

test('JSON, and text at debug, hold every line', () => {
  assert.equal(linesOf('json', 'info').length, 251);
  assert.equal(linesOf('text', 'debug').length, 251);
});
