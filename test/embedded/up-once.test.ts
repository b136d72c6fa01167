import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { smallFleet, up, workspace } from './cli/run-cli.ts';

test('once: issues the folder, exports it, and a second start re-issues nothing', async (t) => {
  const folder = workspace(t, { 'manifests/sub/fleet.yaml': smallFleet });
  const out = join(folder, 'out');
  const args = ['--export', out, '--once', '--timeout', '20s', '-o', 'json', '--log-level', 'warn'];
  const first = await up(t, folder, ...args).ended;
  assert.equal(first.code, 0, first.err);
  const summary = JSON.parse(first.out) as {
    ready: boolean;
    certificates: { name: string; ready: boolean; chain: string[] }[];
  };
  assert.equal(summary.ready, true);
  assert.deepEqual(
    summary.certificates.map(({ name, ready }) => [name, ready]),
    [
      ['root', true],
      ['leaf', true],
    ],
  );

  const leaf = join(out, 'shop/leaf');
  const certificate = new X509Certificate(readFileSync(join(leaf, 'tls.crt')));
  const ca = new X509Certificate(readFileSync(join(leaf, 'ca.crt')));
  assert.ok(certificate.verify(ca.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(join(leaf, 'tls.key')))));
  assert.equal(readlinkSync(join(leaf, 'tls.key')), '..data/tls.key');
  assert.ok(lstatSync(join(leaf, '..data')).isSymbolicLink());
  assert.equal(statSync(join(leaf, 'tls.key')).mode & 0o777, 0o600);
  assert.equal(statSync(leaf).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'data/kubeconfig')).mode & 0o777, 0o600);

  // The exported files may go; the next start brings back the same.
  rmSync(out, { recursive: true });
  const second = await up(t, folder, ...args).ended;
  assert.equal(second.code, 0, second.err);
  assert.equal(
    new X509Certificate(readFileSync(join(leaf, 'tls.crt'))).fingerprint256,
    certificate.fingerprint256,
  );
  assert.deepEqual(requestNames(join(folder, 'data/objects.db')), ['leaf-1', 'root-1']);
});

test('once: what is not Ready in time is named with its reason, exit 1', async (t) => {
  const lonely = smallFleet.split('---')[0] ?? '';
  const folder = workspace(t, { 'manifests/lonely.yaml': lonely });
  const run = await up(t, folder, '--once', '--timeout', '1s', '--log-level', 'warn').ended;
  assert.equal(run.code, 1);
  assert.match(run.out, /shop\/leaf +False/);
  assert.match(run.out, /Not ready:\n {2}shop\/leaf: .*ClusterIssuer "ca" does not exist/);
});

function requestNames(path: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const names = new Set<string>();
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
    for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).all()) {
      if (String(row['resource']) === 'certificaterequests.cert-manager.io') names.add(String(row['name']));
    }
  }
  return [...names].toSorted();
}
