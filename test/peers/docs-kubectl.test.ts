/** The same pages as `test/embedded/docs-console.test.ts`, with every program that they need: nothing is left out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSession } from '../embedded/docs/console-session.ts';
import { runPages } from '../embedded/docs/run-pages.ts';

test('every marked console block runs', { timeout: 120_000 }, async (t) => {
  const {
    CERTWRIGHT_KUBECTL: kubectl,
    CERTWRIGHT_OPENSSL: openssl,
    CERTWRIGHT_KEYTOOL: keytool,
  } = process.env;
  assert.ok(
    kubectl !== undefined && openssl !== undefined && keytool !== undefined,
    'run it by npm run test:peers',
  );
  const session = await openSession(t, process.env['PATH'] ?? '', { kubectl, openssl, keytool });
  assert.ok((await runPages(t, session, true)) > 10);
});
