/** Who the TLS front door lets in as whom, and how what it serves stays valid for years. */
import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { generateKey, spkiOf } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { extKeyUsageExtension } from '../../src/pki/x509/extensions.ts';
import { extKeyUsageByName } from '../../src/pki/x509/key-usage.ts';
import { encodeName, nameFromFields } from '../../src/pki/x509/name.ts';
import { createSigner, signCertificate } from '../../src/pki/x509/sign-certificate.ts';
import { servingCa, type ServingCa } from '../../src/standalone/server/serving-certificate.ts';
import { createServer, type EmbeddedServer, type Listening } from '../../src/standalone/server.ts';
import { asker } from './server-harness.ts';

const DAY = 86_400_000;
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };

async function clientCertificate(ca: ServingCa, name: string, group: string): Promise<ConnectionOptions> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
  const der = await signCertificate(
    {
      serial: Uint8Array.of(7),
      subjectDer: encodeName(nameFromFields({ organizations: [group] }, name)),
      notBefore: Date.now() - DAY,
      notAfter: Date.now() + DAY,
      spki: spkiOf(key),
      extensions: [extKeyUsageExtension([extKeyUsageByName.get('client auth')!])!],
    },
    createSigner(ca.key, ca.certificate),
  );
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: encodePem('CERTIFICATE', der),
  };
}

describe('identity over TLS', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-identity-'));
  const kept = { dataDir: undefined, random: randomBytes, now: Date.now };
  let ca: ServingCa;
  let server: EmbeddedServer;
  before(async () => {
    ca = await servingCa(kept);
    server = await createServer({ dataDir });
  });
  after(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function whoAmI(listening: Listening, identity: ConnectionOptions): Promise<unknown> {
    const agent = new Agent({ connect: { ca: listening.ca, ...identity } });
    const { code, body } = await asker(agent, listening.url)('POST', REVIEWS, review);
    await agent.destroy();
    return code === 201 ? body['status'] : code;
  }

  test('a client certificate is the user of its common name and the groups of its organizations', async () => {
    const listening = await server.listen({ clientCa: ca.text, kubeconfig: false });
    assert.deepEqual(await whoAmI(listening, await clientCertificate(ca, 'alice', 'team')), {
      userInfo: { username: 'alice', groups: ['team', 'system:authenticated'] },
    });
    const stranger = await clientCertificate(await servingCa(kept), 'alice', 'team');
    assert.equal(await whoAmI(listening, stranger), 401);
    await listening.close();
  });

  test('with a client CA and no token it may listen beyond loopback, and writes no kubeconfig', async () => {
    const listening = await server.listen({ host: '0.0.0.0', clientCa: ca.text });
    assert.equal(listening.token, undefined);
    assert.equal(listening.kubeconfigPath, undefined);
    assert.equal(await whoAmI(listening, {}), 401);
    await listening.close();
  });

  test('the token outlives restarts, and removing its file makes another', async () => {
    const first = await server.listen();
    await first.close();
    const second = await server.listen();
    assert.equal(second.token, first.token);
    await second.close();
    rmSync(join(dataDir, 'token'));
    const third = await server.listen();
    assert.notEqual(third.token, first.token);
    const agent = new Agent({ connect: { ca: third.ca } });
    assert.equal((await asker(agent, third.url, first.token)('GET', '/version')).code, 401);
    assert.equal((await asker(agent, third.url, third.token)('GET', '/version')).code, 200);
    await agent.destroy();
    await third.close();
  });

  test('IPv6 loopback, where the machine has one', async () => {
    const present = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === '::1'),
    );
    if (!present) {
      await assert.rejects(server.listen({ host: '::1' }), { code: 'ERR_LISTEN' });
      return;
    }
    const listening = await server.listen({ host: '::1' });
    assert.match(listening.url, /^https:\/\/\[::1\]:\d+$/);
    const agent = new Agent({ connect: { ca: listening.ca } });
    assert.equal((await asker(agent, listening.url, listening.token)('GET', '/version')).code, 200);
    await agent.destroy();
    await listening.close();
  });

  test('TLS below 1.2 is refused', async () => {
    const listening = await server.listen({ kubeconfig: false });
    const refused = await handshake(listening, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    assert.equal(refused, undefined);
    const accepted = await handshake(listening, { maxVersion: 'TLSv1.2' });
    assert.ok(accepted);
    await listening.close();
  });

  test('a header of 40 KiB is refused, and the server lives', async () => {
    const listening = await server.listen({ kubeconfig: false });
    const agent = new Agent({ connect: { ca: listening.ca } });
    const ask = asker(agent, listening.url, listening.token);
    assert.equal((await ask('GET', '/version', undefined, { 'x-much': 'a'.repeat(40_000) })).code, 431);
    assert.equal((await ask('GET', '/version')).code, 200);
    await agent.destroy();
    await listening.close();
  });
});

/** The certificate that is served, or nothing when the handshake fails. */
function handshake(
  listening: Listening,
  options: ConnectionOptions = {},
): Promise<X509Certificate | undefined> {
  const { promise, resolve } = Promise.withResolvers<X509Certificate | undefined>();
  const socket = connect({ host: '127.0.0.1', port: listening.port, ca: listening.ca, ...options }, () => {
    resolve(socket.getPeerX509Certificate());
    socket.end();
  });
  socket.on('error', () => resolve(undefined));
  return promise;
}

test('a process that runs for years renews its serving certificate, and its CA with the same key', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-years-'));
  // Serving certificates must be valid by the clock of the client too: the server starts in the past.
  const begin = Date.now() - 8 * 365 * DAY;
  let now = begin;
  const server = await createServer({ dataDir, now: () => now });
  const listening = await server.listen();
  const firstCa = listening.ca;
  const serials = new Set<string>();
  const look = async (): Promise<X509Certificate> => {
    const served = await handshake(listening, { rejectUnauthorized: false });
    assert.ok(served);
    serials.add(served.serialNumber);
    return served;
  };
  await look();
  for (let year = 1; year <= 8; year++) {
    now = begin + year * 365 * DAY - DAY;
    mock.timers.tick(3_600_000);
    await renewed(look, now);
  }
  assert.ok(serials.size >= 8, `${serials.size} certificates`);
  assert.notEqual(listening.ca, firstCa);
  const served = await look();
  const [older, newer] = [new X509Certificate(firstCa), new X509Certificate(listening.ca)];
  assert.ok(served.verify(older.publicKey) && served.verify(newer.publicKey));
  assert.ok(await handshake(listening, { ca: firstCa }), 'a kubeconfig that was copied still works');
  const text = readFileSync(listening.kubeconfigPath ?? '', 'utf8');
  const config = parse(text) as { clusters: { cluster: Record<string, string> }[] };
  assert.equal(
    Buffer.from(config.clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64').toString(),
    listening.ca,
  );
  assert.equal(statSync(listening.kubeconfigPath ?? '').mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(dataDir).filter((name) => name.endsWith('.tmp')),
    [],
  );
  mock.timers.reset();
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Renewal runs in the background after the hourly look: asks until what is served is valid for months. */
async function renewed(look: () => Promise<X509Certificate>, now: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (new Date((await look()).validTo).getTime() - now > 200 * DAY) return;
  }
  assert.fail(`nothing was renewed at ${new Date(now).toISOString()}`);
}
