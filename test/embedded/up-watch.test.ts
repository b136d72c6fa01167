import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, start, up, workspace, write } from './cli/run-cli.ts';

const extra = (smallFleet.split('---')[0] ?? '').replaceAll('leaf', 'extra');

test('the folder is followed: what comes is issued, what leaves is deleted with its files', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const out = join(folder, 'out');
  const running = up(t, folder, '--export', out);
  await running.seen(/kubectl get events/);
  const path = join(folder, 'manifests/later/extra.yaml');
  write(path, extra);
  await running.seen(/wrote \d files of Certificate shop\/extra/);
  assert.ok(existsSync(join(out, 'shop/extra/tls.crt')));
  write(path, 'a: [');
  await running.seen(/extra\.yaml:1:\d+: not valid YAML/);
  assert.ok(existsSync(join(out, 'shop/extra/tls.crt')), 'a broken file deletes nothing');
  rmSync(path);
  const text = await running.seen(/deleted Certificate shop\/extra: it left the manifests folder/);
  assert.doesNotMatch(
    text,
    /deleted CertificateRequest/,
    "what controllers made is not the folder's to delete",
  );
  write(
    path,
    'apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: all }\nspec: { selfSigned: {} }\n',
  );
  await running.seen(/applied ClusterIssuer all/);
  rmSync(path);
  await running.seen(/deleted ClusterIssuer all: it left the manifests folder/);
  running.child.kill('SIGTERM');
  const { code } = await running.ended;
  assert.equal(code, 0);
});

test('controller: connects by kubeconfig, takes the lease, works, and gives it back on SIGTERM', async (t) => {
  const folder = workspace(t, { 'manifests/none.yaml': '' });
  const server = up(t, folder);
  await server.seen(/the API answers/);
  const kubeconfig = join(folder, 'data/kubeconfig');
  // That of kube-system is held by `up`, which is at work itself.
  const lease = ['--leader-election-namespace', 'default'];
  const controller = start(t, ['controller', '--kubeconfig', kubeconfig, '--log-format', 'text', ...lease]);
  await controller.seen(/caches are synced/);
  controller.child.kill('SIGTERM');
  const { code, err } = await controller.ended;
  assert.equal(code, 0, err);
  assert.match(err, /waiting for the lease[^]*stopped/);
});

test('controller: a kubeconfig that is not there is named, exit 3', async (t) => {
  const run = await start(t, ['controller', '--kubeconfig', '/nonexistent/kubeconfig']).ended;
  assert.equal(run.code, 3);
  assert.match(run.err, /\/nonexistent\/kubeconfig/);
});
