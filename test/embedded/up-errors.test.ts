import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, start, up, workspace } from './cli/run-cli.ts';

test('a refused field is shown with file, line and column, and the rest is issued', async (t) => {
  const broken = `# a comment
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: broken, namespace: shop }
spec:
  secretName: broken-tls
  duration: 30m
  dnsNames: [a.example.com]
  issuerRef: { name: ca, kind: ClusterIssuer }
`;
  const folder = workspace(t, {
    'manifests/broken.yaml': broken,
    'manifests/fleet.yaml': smallFleet,
    'manifests/bad.yaml': 'a: [1',
  });
  const run = await up(t, folder, '--once', '--timeout', '10s').ended;
  assert.equal(run.code, 1);
  assert.match(
    run.err,
    /broken\.yaml:7:3: Certificate shop\/broken: spec\.duration: Invalid value: "30m": must be at least 1h0m0s/,
  );
  assert.match(run.err, /bad\.yaml:1:\d+: not valid YAML/);
  assert.match(run.out, /shop\/leaf +True/);
});

test('a file name that leads out of the export folder is refused, naming object and field', async (t) => {
  const evil = smallFleet.replace(
    'metadata: { name: leaf, namespace: shop }',
    `metadata:
  name: leaf
  namespace: shop
  annotations: { certwright.dev/export-tls.key: ../../../stolen }`,
  );
  const folder = workspace(t, { 'manifests/fleet.yaml': evil });
  const run = await up(t, folder, '--export', join(folder, 'out'), '--once', '--timeout', '10s').ended;
  assert.equal(run.code, 1);
  assert.match(
    run.err,
    /Certificate shop\/leaf: metadata\.annotations\[certwright\.dev\/export-tls\.key\]: .*leads out of the export folder/,
  );
  assert.equal(existsSync(join(folder, 'stolen')), false);
  assert.equal(existsSync(join(folder, 'out/cert-manager/root/tls.crt')), true, 'the others are exported');
});

test('a data folder belongs to one process, and to nobody after kill -9', async (t) => {
  const folder = workspace(t, { 'manifests/none.yaml': '' });
  const first = up(t, folder, '--log-level', 'info');
  await first.seen(/the API answers/);
  const second = await up(t, folder, '--once').ended;
  assert.equal(second.code, 3);
  assert.match(second.err, new RegExp(`is in use by process ${first.child.pid}`));
  first.child.kill('SIGKILL');
  await first.ended;
  const third = await up(t, folder, '--once').ended;
  assert.equal(third.code, 0, third.err);
});

test('SIGTERM stops cleanly after the table and the next steps were printed', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const running = up(t, folder);
  const text = await running.seen(/kubectl get events/);
  assert.match(text, /NAME +READY +ISSUER +EXPIRES IN +NEXT RENEWAL/);
  running.child.kill('SIGTERM');
  const { code, err } = await running.ended;
  assert.equal(code, 0, err);
  assert.match(err, /stopping/);
});

for (const [args, message] of [
  [['up', '--timeout', '5'], /--timeout "5": write a duration/],
  [['up', '--listen', 'localhost'], /--listen "localhost": write host:port/],
  [['up', '--listen', '0.0.0.0:6443'], /beyond loopback needs --token-file or --client-ca/],
  [['up', '--frobnicate'], /unknown option '--frobnicate'/],
  [['controller', '--controllers', '*,-nonsense'], /"nonsense" is not in the list of known controllers/],
] as const) {
  test(`usage: ${args.join(' ')} exits 2 with flag, value and remedy`, async (t) => {
    const run = await start(t, args).ended;
    assert.equal(run.code, 2);
    assert.match(run.err, message);
  });
}

test('a damaged database is named with its remedy, exit 3', async (t) => {
  const folder = workspace(t, {
    'data/objects.db': 'this is no database, and longer than a header '.repeat(40),
  });
  const run = await start(t, ['up', '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0', '--once'])
    .ended;
  assert.equal(run.code, 3);
  assert.match(run.err, /objects\.db is damaged .*restore it from a backup/);
  assert.doesNotMatch(run.err, /\n {4}at /);
});

test('a misspelt field in the folder is refused by name', async (t) => {
  const folder = workspace(t, { 'manifests/a.yaml': smallFleet.replace('dnsNames', 'dnsName') });
  const run = await up(t, folder, '--once', '--timeout', '1s').ended;
  assert.equal(run.code, 1);
  assert.match(run.out, /a\.yaml:8:3: Certificate shop\/leaf: spec\.dnsName: unknown field/);
});
