/** Requests that nobody vouches for, however they are written: raw paths, wrong tokens beside good certificates. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generateKey, spkiOf } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { extKeyUsageExtension } from '../../src/pki/x509/extensions.ts';
import { extKeyUsageByName } from '../../src/pki/x509/key-usage.ts';
import { encodeName, nameFromFields } from '../../src/pki/x509/name.ts';
import { createSigner, signCertificate } from '../../src/pki/x509/sign-certificate.ts';
import { servingCa } from '../../src/standalone/server/serving-certificate.ts';
import { createServer, type EmbeddedServer, type Listening } from '../../src/standalone/server.ts';

const DAY = 86_400_000;
const SECRETS = '/api/v1/namespaces/default/secrets';

describe('the front door', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-doors-'));
  let server: EmbeddedServer;
  let listening: Listening;
  let identity: { key: string; cert: string };
  before(async () => {
    const ca = await servingCa({ dataDir: undefined, random: randomBytes, now: Date.now });
    const key = await generateKey({ algorithm: 'ECDSA' });
    const template = {
      serial: Uint8Array.of(7),
      subjectDer: encodeName(nameFromFields({ organizations: ['team'] }, 'alice')),
      notBefore: Date.now() - DAY,
      notAfter: Date.now() + DAY,
      spki: spkiOf(key),
      extensions: [extKeyUsageExtension([extKeyUsageByName.get('client auth')!])!],
    };
    const der = await signCertificate(template, createSigner(ca.key, ca.certificate));
    identity = {
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: encodePem('CERTIFICATE', der),
    };
    server = await createServer({ dataDir });
    listening = await server.listen({ clientCa: ca.text });
  });
  after(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The status code. The path goes out as it is, unlike with a URL. */
  function code(path: string, options: object = {}): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const { port, ca } = listening;
    request({ host: '127.0.0.1', port, ca, path, agent: false, ...options }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
    return promise;
  }

  test('only the three health paths answer to nobody, and lead nowhere else', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/livez?verbose'])
      assert.equal(await code(path), 200);
    for (const path of [
      SECRETS,
      `${SECRETS}/livez`,
      `/livez/..${SECRETS}`,
      `/livez%2f..${SECRETS}`,
      `//livez`,
      `/./livez${SECRETS}`,
      '/livez/',
      `https://127.0.0.1${SECRETS}`,
      `${SECRETS}?/livez`,
      `${SECRETS}#/livez`,
      '/version',
      '/openapi/v3',
      '*',
    ]) {
      assert.equal(await code(path), 401, path);
    }
    assert.equal(await code(SECRETS, { method: 'OPTIONS' }), 401);
  });

  test('a wrong or odd Authorization is refused, whatever certificate comes with it', async () => {
    assert.equal(await code(SECRETS, identity), 200);
    const token = listening.token ?? '';
    for (const authorization of [
      'Bearer wrong',
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token} ${token}`,
      'Bearer ',
      '',
      `Basic ${Buffer.from(`admin:${token}`).toString('base64')}`,
      `Token ${token}`,
    ]) {
      assert.equal(await code(SECRETS, { ...identity, headers: { authorization } }), 401, authorization);
    }
    assert.equal(await code(SECRETS, { headers: { authorization: `Bearer ${token}` } }), 200);
  });
});
