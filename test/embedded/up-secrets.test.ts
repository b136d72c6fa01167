/** Secrets in the manifests folder that a Certificate fills: refused, and not lost when they leave. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, up, workspace, write } from './cli/run-cli.ts';

const secret = `apiVersion: v1
kind: Secret
metadata: { name: leaf-tls, namespace: shop }
type: kubernetes.io/tls
data: { tls.crt: "", tls.key: "" }
`;

test('a Secret that a Certificate comes to fill is refused from then on, and stays when its file goes', async (t) => {
  const folder = workspace(t, { 'manifests/secret.yaml': secret });
  const out = join(folder, 'out');
  const running = up(t, folder, '--export', out);
  await running.seen(/applied Secret shop\/leaf-tls/);
  await running.seen(/Try next/);
  write(join(folder, 'manifests/fleet.yaml'), smallFleet);
  await running.seen(
    /secret\.yaml:3:13: Secret shop\/leaf-tls: metadata\.name: is the Secret that Certificate shop\/leaf \(\S+fleet\.yaml:6\) fills/,
  );
  await running.seen(/wrote \d files of Certificate shop\/leaf/);
  rmSync(join(folder, 'manifests/secret.yaml'));
  const text = await running.seen(/Secret shop\/leaf-tls left the manifests folder and stays/);
  assert.doesNotMatch(text, /deleted Secret/);
  assert.ok(existsSync(join(out, 'shop/leaf/tls.key')));
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test('a Secret that was copied with the annotation of its Certificate is refused at once', async (t) => {
  const copied = secret.replace(
    'namespace: shop }',
    'namespace: shop, annotations: { cert-manager.io/certificate-name: leaf } }',
  );
  const folder = workspace(t, { 'manifests/secret.yaml': copied });
  const run = await up(t, folder, '--once').ended;
  assert.equal(run.code, 1);
  assert.match(run.out, /secret\.yaml:3:61: Secret shop\/leaf-tls: .*take it out of the folder/);
  assert.doesNotMatch(run.err, /applied Secret/);
});
