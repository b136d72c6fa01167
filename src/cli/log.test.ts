import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type LogFormat } from './log.ts';

function lines(format: LogFormat, use: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  use(createLog({ format, level: 'info', color: false, write: (line) => (text += line) }));
  return text;
}

test('people get one line with the facts behind it', () => {
  const text = lines('text', (log) => log.warn({ certificate: 'a/b', err: new Error('why') }, 'went wrong'));
  assert.match(text, /^\d\d:\d\d:\d\d warning: went wrong \(why, certificate=a\/b\)\n$/);
});

test('secrets never come out, whatever the format', () => {
  for (const format of ['text', 'json'] as const) {
    const text = lines(format, (log) =>
      log.info(
        { token: 'hunter2', object: { data: { 'tls.key': 'hunter2' } }, a: { b: { privateKey: 'hunter2' } } },
        'x',
      ),
    );
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /redacted/);
  }
});

test('levels below the chosen one are silent', () => {
  assert.equal(
    lines('json', (log) => log.debug({}, 'x')),
    '',
  );
});

test('the word for a decision is for programs, the message for people', () => {
  const use = (format: LogFormat): string =>
    lines(format, (log) => log.info({ certificate: 'a/b', decision: 'store-key' }, 'a key was made'));
  assert.match(use('text'), /a key was made \(certificate=a\/b\)\n$/);
  assert.match(use('json'), /"decision":"store-key"/);
});

test('only what nobody expected comes with its stack', () => {
  const known = Object.assign(new Error('away'), { code: 'kube/transport' });
  assert.doesNotMatch(
    lines('json', (log) => log.warn({ err: known }, 'x')),
    /"stack"/,
  );
  assert.match(
    lines('json', (log) => log.error({ err: new TypeError('no function') }, 'x')),
    /"stack"/,
  );
});

test('JSON names the level and writes the time as people and log stores read it', () => {
  const line: unknown = JSON.parse(lines('json', (log) => log.warn('x')));
  assert.ok(typeof line === 'object' && line !== null && 'level' in line && 'time' in line);
  assert.equal(line.level, 'warn');
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('what the message says already is not said again', () => {
  const use = (log: ReturnType<typeof createLog>): void =>
    log.warn({ err: new Error('no route') }, 'self-check failed: no route');
  assert.match(lines('text', use), /warning: self-check failed: no route\n$/);
  assert.match(lines('json', use), /"message":"no route"/, 'programs find it where it always is');
});
