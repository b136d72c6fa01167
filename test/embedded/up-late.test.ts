/** What `up` says while it waits: counts that end with the last one, and the table again once everything is Ready. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, up, workspace, write } from './cli/run-cli.ts';

test('what was not Ready in time is shown once it is', async (t) => {
  const documents = smallFleet.split('---\n');
  const folder = workspace(t, { 'manifests/fleet.yaml': documents.slice(0, 3).join('---\n') });
  const running = up(t, folder, '--timeout', '2s');
  // Two streams: either may be read first.
  await running.seen(/cert-manager\/root +False/);
  const early = await running.seen(/goes on trying/);
  assert.match(early, /0 of 2 Certificates are Ready; waiting for/);
  assert.doesNotMatch(early, /2 of 2/);
  write(join(folder, 'manifests/self.yaml'), documents[3] ?? '');
  const late = await running.seen(/shop\/leaf +True[^]*Try next/);
  assert.match(late, /2 of 2 Certificates are Ready\n/);
  assert.equal(late.match(/NAME +READY/g)?.length, 2, 'one table in time, one at the end');
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test('the last progress line is the final count', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const { code, err } = await up(t, folder, '--once', '--timeout', '20s').ended;
  assert.equal(code, 0, err);
  const counts = err.match(/\d of \d Certificates are Ready/g) ?? [];
  assert.equal(counts.at(-1), '2 of 2 Certificates are Ready');
  assert.equal(counts.filter((count) => count === counts.at(-1)).length, 1);
});
