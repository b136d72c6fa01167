/** The operator's commands as people start them: against the kubeconfig that `up` writes, with exit codes and refusals. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, start, up, workspace } from './cli/run-cli.ts';

const acmeIssuer = `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: away }
spec:
  acme:
    server: http://127.0.0.1:1/directory
    privateKeySecretRef: { name: away-account }
    solvers: [{ dns01: { exec: { name: none } } }]
`;

test('status, show, budget and revoke work against the kubeconfig of up', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet, 'manifests/acme.yaml': acmeIssuer });
  const running = up(t, folder, '--timeout', '3s', '--log-level', 'warn');
  await running.seen(/NAME +READY/u);
  const kubeconfig = join(folder, 'data/kubeconfig');
  const ask = (...args: string[]) => start(t, ['acme', ...args, '--kubeconfig', kubeconfig]).ended;

  const ready = await ask('status', 'leaf', '-n', 'shop');
  assert.deepEqual([ready.code, ready.err], [0, '']);
  assert.match(ready.out, /^Certificate: +shop\/leaf: Ready/u);
  const missing = await ask('status', 'nobody', '-n', 'shop');
  assert.equal(missing.code, 1);
  assert.match(missing.err, /there is no Certificate shop\/nobody/u);

  const show = await ask('account', 'show', 'away');
  assert.equal(show.code, 1);
  assert.match(
    show.out,
    /not Ready: spec\.acme\.solvers\[0\]: the configuration file names no program "none"/u,
  );
  const budget = await ask('budget', 'clusterissuer/away');
  assert.equal(budget.code, 1);
  assert.match(budget.err, /ClusterIssuer away has no account yet/u);
  const ca = await ask('account', 'rollover', 'ca');
  assert.match(ca.err, /ClusterIssuer ca is no ACME issuer/u);
  const revoked = await ask('revoke', 'leaf', '-n', 'shop', '--reason', 'superseded');
  assert.match(revoked.err, /ClusterIssuer ca is no ACME issuer/u);
});

test('an API that is not there is told at once, with its address', async (t) => {
  const folder = workspace(t, {
    kubeconfig: `
apiVersion: v1
kind: Config
current-context: gone
contexts: [{ name: gone, context: { cluster: gone, user: '' } }]
clusters: [{ name: gone, cluster: { server: 'http://127.0.0.1:1' } }]
`,
  });
  const { code, err, out } = await start(t, [
    'acme',
    'status',
    'web',
    '--kubeconfig',
    join(folder, 'kubeconfig'),
  ]).ended;
  assert.deepEqual([code, out], [3, '']);
  assert.match(err, /http:\/\/127\.0\.0\.1:1: no API listens there \(connection refused\): start it/u);
  assert.doesNotMatch(err, /tried again|within 20 s/u);
});

test('what is wrong on the command line is told without asking anybody', async (t) => {
  for (const [args, why] of [
    [['revoke', 'web'], /required option '--reason/u],
    [['revoke', 'web', '--reason', 'fun'], /keyCompromise/u],
    [
      ['account', 'rollover', 'x', '--key-algorithm', 'ECDSA', '--key-size', '100'],
      /choose one of 256, 384/u,
    ],
    [['account', 'rollover', 'x', '--key-algorithm', 'DSA'], /RSA, ECDSA, Ed25519/u],
    [['status', 'web', '-o', 'table'], /text, json, yaml/u],
    [['account', 'close', 'x'], /account --help shows what there is/u],
  ] as const) {
    const run = await start(t, ['acme', ...args]).ended;
    assert.deepEqual([run.code, run.out], [2, ''], args.join(' '));
    assert.match(run.err, why);
  }
});

test('an API that is not there is told with the address, as the surroundings at fault', async (t) => {
  const folder = workspace(t);
  const run = await start(t, ['acme', 'status', 'web', '--kubeconfig', join(folder, 'none')]).ended;
  assert.equal(run.code, 3);
  assert.match(run.err, /none/u);
});
