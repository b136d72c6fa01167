/** Where the account that issued a certificate is lost, its own key takes it back (RFC 8555 §7.6). */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AcmeClient } from '../../../acme/acme-client.ts';
import type { Secret } from '../../../api/core.ts';
import { secrets } from '../../../api/resources.ts';
import { acmeFleetStarter } from '../../../controllers/testing/acme-fleet.ts';
import { problem } from '../../../controllers/testing/fake-ca.ts';
import { encodePrivateKey, generateKey } from '../../../pki/keys.ts';
import type { Cluster } from './cluster.ts';
import { revoke, type RevokeOptions } from './revoke.ts';

const start = acmeFleetStarter();

async function world(t: TestContext) {
  const { fleet, world: cas } = await start();
  await cas.issuer(fleet, 'le');
  await fleet.certificate('web', { issuerRef: { name: 'le', kind: 'ClusterIssuer' } });
  await fleet.settle();
  const { data = {} } = await fleet.client.get<Secret>(secrets, { namespace: 'shop', name: 'web' });
  const [chain = '', key = ''] = ['tls.crt', 'tls.key'].map((entry) =>
    Buffer.from(data[entry] ?? '', 'base64').toString(),
  );
  const folder = await mkdtemp(join(tmpdir(), 'revoke-by-key-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const keep = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const asked: { privateKey: string; byKey: boolean | undefined }[] = [];
  const ca = { refusal: undefined as Error | undefined };
  const cluster: Cluster = {
    client: fleet.client,
    clock: fleet.clock,
    random: () => 0.5,
    namespace: 'shop',
    clusterResourceNamespace: 'kube-system',
    open: ({ privateKey }) => {
      const client: Partial<AcmeClient> = {
        revoke: (_der, _reason, options) => {
          asked.push({ privateKey, byKey: options?.byKey });
          return ca.refusal === undefined ? Promise.resolve() : Promise.reject(ca.refusal);
        },
        close: () => Promise.resolve(),
      };
      return client as AcmeClient;
    },
    signal: new AbortController().signal,
  };
  const run = async (target: string, options: Partial<RevokeOptions> = {}): Promise<string> => {
    let text = '';
    const all = { reason: 'superseded', format: 'text', ...options } as const;
    await revoke(cluster, target, all, (said) => (text += said));
    return text;
  };
  return { fleet, run, asked, ca, chain, key, keep };
}

const byKey = 'certwright acme revoke web --reason superseded --namespace shop --by-certificate-key';

test('whoever is refused because of the account is told who it is, and of the key', async (t) => {
  const { run, asked, ca } = await world(t);
  for (const refusal of [
    problem(400, 'accountDoesNotExist', 'no such account'),
    problem(403, 'unauthorized', 'it is not yours'),
  ]) {
    ca.refusal = refusal;
    await assert.rejects(run('web'), (error: Error) => {
      assert.ok(error.message.startsWith('ClusterIssuer le could not revoke certificate '), error.message);
      assert.ok(error.message.includes(refusal.problem.detail));
      assert.ok(error.message.endsWith(byKey), error.message);
      return true;
    });
  }
  assert.deepEqual(
    asked.map((one) => one.byKey),
    [false, false],
  );
  ca.refusal = problem(404, 'malformed', 'unknown serial');
  await assert.rejects(run('web'), /unknown serial\. The CA may not have issued it.*--issuer/u);
});

test('the key in the Secret of the Certificate signs, also where the key of the account is gone', async (t) => {
  const { fleet, run, asked, key } = await world(t);
  await fleet.client.delete(secrets, { namespace: 'kube-system', name: 'le-account' });
  await assert.rejects(run('web'), (error: Error) => {
    assert.match(error.message, /the account key of ClusterIssuer le is not there/u);
    assert.ok(error.message.endsWith(byKey), error.message);
    return true;
  });
  const text = await run('web', { byCertificateKey: true });
  assert.deepEqual(asked, [{ privateKey: key, byKey: true }]);
  assert.match(text, /By: +ClusterIssuer le, with the certificate's own key\n/u);
});

test('for a file the key is in a file, and no other key is sent to the CA', async (t) => {
  const { run, asked, chain, key, keep } = await world(t);
  const file = await keep('old.pem', chain);
  const issuer = 'clusterissuer/le';
  await assert.rejects(run(file, { issuer, byCertificateKey: true }), /--key-file says where it is/u);
  const stranger = encodePrivateKey(await generateKey({ algorithm: 'ECDSA' }), 'PKCS8');
  const other = await keep('other.pem', stranger);
  await assert.rejects(run(file, { issuer, keyFile: other }), /is not the key of the certificate/u);
  const none = await keep('none.pem', 'no key');
  await assert.rejects(run(file, { issuer, keyFile: none }), /none\.pem cannot be used/u);
  assert.deepEqual(asked, []);
  await run(file, { issuer, keyFile: await keep('key.pem', key) });
  assert.deepEqual(asked, [{ privateKey: key, byKey: true }]);
});
