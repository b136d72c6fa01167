/** What `up` refuses about ACME and hooks before it does anything: by flag, with the exit code for scripts. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, up, workspace } from './cli/run-cli.ts';

const hooks = `apiVersion: certwright.dev/v1alpha1
kind: UpConfiguration
hooks: [{ name: reload, command: [reload] }]
`;

test('hooks without an export would never run: exit 2', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet, 'up.yaml': hooks });
  const { code, err } = await up(t, folder, '--config', join(folder, 'up.yaml')).ended;
  assert.equal(code, 2);
  assert.match(err, /--config ".*up\.yaml": its hooks are run after files have been exported.*--export/);
});

test('a webroot that is not there, and an address that is taken: exit 3', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(address !== null && typeof address === 'object');
  const [noFolder, noAddress] = await Promise.all([
    up(t, folder, '--acme-webroot', join(folder, 'www')).ended,
    up(t, folder, '--acme-tls-alpn-listen', `127.0.0.1:${address.port}`).ended,
  ]);
  assert.equal(noFolder.code, 3);
  assert.match(
    noFolder.err,
    /--acme-webroot .*www: cannot be read: .*name what your web server serves \/ from/,
  );
  assert.equal(noAddress.code, 3);
  assert.match(noAddress.err, /--acme-tls-alpn-listen 127\.0\.0\.1:\d+: another program listens there/);
});

test('a failing hook is a problem of --once: it is named, and the exit code is 1', async (t) => {
  const failing = hooks.replace('[reload]', `[${JSON.stringify(process.execPath)}, -e, process.exit(7)]`);
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet, 'up.yaml': failing });
  const args = ['--config', join(folder, 'up.yaml'), '--export', join(folder, 'out'), '--once'];
  const { code, out, err } = await up(t, folder, ...args, '--timeout', '20s').ended;
  assert.equal(code, 1, err);
  assert.match(out, /Certificate shop\/leaf: hook reload failed: exit code 7/);
  assert.match(out, /shop\/leaf: reload failed \(exit code 7; again in /);
});
