import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderNextSteps, renderSummary, dueIn, timeUntil } from './table.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

test('times are said the way people say them', () => {
  assert.equal(timeUntil('2026-01-03T04:00:00Z', now), '2d 4h');
  assert.equal(timeUntil('2026-01-01T05:06:00Z', now), '5h 6m');
  assert.equal(timeUntil('2026-01-01T00:01:05Z', now), '1m 5s');
  assert.equal(timeUntil('2025-12-31T23:59:50Z', now), '-10s');
  assert.equal(dueIn('2025-12-31T23:59:50Z', now), 'now');
  assert.equal(dueIn('2026-01-01T00:01:05Z', now), 'in 1m 5s');
});

test('the summary shows rows, reasons, chains and files', () => {
  const text = renderSummary(
    [
      {
        namespace: 'a',
        name: 'ok',
        ready: true,
        reason: 'Ready',
        message: '',
        issuer: 'Issuer/ca',
        secretName: 's',
        notAfter: '2026-01-31T00:00:00Z',
        renewalTime: '2026-01-21T00:00:00Z',
        chain: ['CN=ok', 'CN=ca'],
        directory: '/out/a/ok',
        files: ['tls.crt', 'tls.key'],
        hooks: [{ name: 'reload', state: 'done' }],
      },
      {
        namespace: 'a',
        name: 'no',
        ready: false,
        reason: 'DoesNotExist',
        message: 'waiting',
        issuer: 'Issuer/x',
        secretName: 's',
        chain: [],
        files: [],
        hooks: [
          {
            name: 'reload',
            state: 'failed',
            problem: 'exit code 1',
            attempts: 3,
            nextAttempt: '2026-01-01T00:02:00Z',
          },
        ],
      },
    ],
    now,
  );
  assert.match(text, /a\/ok +True +Issuer\/ca +30d +2026-01-21T00:00:00Z \(in 20d\)/);
  assert.match(text, /a\/no +False +Issuer\/x +- +-/);
  assert.match(text, /a\/no: DoesNotExist: waiting/);
  assert.match(text, /a\/ok: CN=ok <- CN=ca/);
  assert.match(
    text,
    /Hooks:\n {2}a\/ok: reload done\n {2}a\/no: reload failed 3 times \(exit code 1; again in 2m 0s\)/,
  );
  assert.match(text, /\/out\/a\/ok\/\{tls\.crt,tls\.key\}/);
});

test('a path with a quote in it can be pasted into a shell', () => {
  assert.match(renderNextSteps("/it's/here", undefined), /KUBECONFIG='\/it'\\''s\/here'/);
});

test('without a kubeconfig the next steps do not name one', () => {
  assert.doesNotMatch(renderNextSteps(undefined, undefined), /export/);
});
