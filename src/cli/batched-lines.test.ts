import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchedLines } from './batched-lines.ts';

function collector() {
  const written: string[] = [];
  const tasks: (() => void)[] = [];
  const lines = batchedLines(
    (text) => written.push(text),
    (task) => tasks.push(task),
  );
  return { written, tasks, lines };
}

test('lines of JSON go out together, once', () => {
  const { written, tasks, lines } = collector();
  for (let i = 0; i < 5; i++) lines.write(`{"n":${i}}\n`);
  assert.deepEqual(written, []);
  assert.equal(tasks.length, 1);
  tasks.shift()!();
  assert.deepEqual(written, ['{"n":0}\n{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n']);
  lines.write('{"n":5}\n');
  assert.equal(tasks.length, 1, 'the next batch has a time of its own');
});

test('what is no JSON goes out now, and nothing overtakes', () => {
  const { written, lines } = collector();
  lines.write('{"n":0}\n');
  lines.write('certwright: no such file\n');
  assert.deepEqual(written, ['{"n":0}\n', 'certwright: no such file\n']);
});

test('a flood is not collected without end, and the end of the process leaves nothing behind', () => {
  const { written, lines } = collector();
  const line = `{"text":"${'x'.repeat(1000)}"}\n`;
  for (let i = 0; i < 40; i++) lines.write(line);
  assert.equal(written.length, 1);
  lines.flush();
  assert.equal(written.join(''), line.repeat(40));
  lines.flush();
  assert.equal(written.length, 2);
});
