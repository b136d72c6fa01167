import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { secrets } from '../../api/resources.ts';
import type { KubeObject } from '../../api/meta.ts';
import { encodePrivateKey, generateKey } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsrInPool } from '../../pki/x509/create-csr.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { createAuthority, issueLeaf } from '../../serving/authority.ts';
import type { CertificateSource, ServingCertificate } from '../../serving/certificate-source.ts';
import { dynamicCertificates } from '../../serving/dynamic-certificates.ts';
import { createAdmission } from '../../admission/create-admission.ts';
import { startReviewServer, type ReviewServerOptions } from './review-server.ts';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const json = { 'content-type': 'application/json' };
const review = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u',
    operation: 'CREATE',
    requestResource: { group: 'cert-manager.io', version: 'v1', resource: 'certificates' },
    userInfo: { username: 'ann', groups: [] },
    object: { metadata: { name: 'a' }, spec: {} },
  },
});

async function serve(t: TestContext, change: Partial<ReviewServerOptions> = {}) {
  const validate = createAdmission({ stamp: false });
  const options = { setting: '--secure-port', host: '127.0.0.1', port: 0, validate, log: quiet, ...change };
  const server = await startReviewServer(options);
  t.after(() => server.close());
  return server;
}

interface Ask {
  ca?: string;
  cert?: string;
  key?: string;
}

function post(port: number, tls: Ask, body = review): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', servername: 'localhost', port, path: '/validate', method: 'POST' };
    const asked = request({ ...options, ...tls, headers: json, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

const now = Date.now();
const authority = await createAuthority('test-ca', now - 60_000);
const leaf = await issueLeaf(authority, { dnsNames: ['localhost'], duration: 3_600_000, now });
const fixed: CertificateSource = {
  current: leaf,
  problem: undefined,
  onChange: () => () => undefined,
  run: () => Promise.resolve(),
};

/** A client certificate of the CA above. */
async function clientPair(commonName: string, ...dnsNames: string[]): Promise<{ cert: string; key: string }> {
  const key = await generateKey({ algorithm: 'ECDSA' });
  const usages = ['client auth'];
  const csr = parseCsr(await createCsrInPool({ commonName, dnsNames, usages }, key));
  const ca = new X509Certificate(authority.cert);
  const signer = createSigner(authority.key, parseCertificate(ca.raw));
  const der = await certificateFromRequest({ csr, now: now - 60_000, duration: 3_600_000, usages }, signer);
  return { cert: encodePem('CERTIFICATE', der), key: encodePrivateKey(key, 'PKCS8') };
}

describe('plain', () => {
  test('other paths, methods and types of content are refused', async (t) => {
    const { port } = await serve(t);
    const at = `http://127.0.0.1:${port}`;
    const ask = async (path: string, method: string, type: string): Promise<number> =>
      (
        await fetch(at + path, {
          method,
          headers: { 'content-type': type },
          ...(method === 'POST' && { body: review }),
        })
      ).status;
    assert.equal(await ask('/validate', 'POST', 'application/json; charset=utf-8'), 200);
    assert.equal(await ask('/convert', 'POST', 'application/json'), 404);
    assert.equal(await ask('/validate', 'GET', 'application/json'), 405);
    assert.equal(await ask('/validate', 'POST', 'application/jsonp'), 415);
  });

  test('an endless body is cut at the bound', async (t) => {
    const { port } = await serve(t, { maxBodyBytes: 1000 });
    const answer = await fetch(`http://127.0.0.1:${port}/validate`, {
      method: 'POST',
      headers: json,
      body: new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(600))),
      }),
      duplex: 'half',
    }).then(
      ({ status }) => status,
      () => 'cut',
    );
    assert.ok(answer === 413 || answer === 'cut', String(answer));
  });

  test('whoever sends too slowly is answered 408 and let go', async (t) => {
    const { port } = await serve(t, { patienceMs: 50 });
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.write(
      'POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await once(socket, 'close');
    assert.match(text, /^HTTP\/1\.1 408 /u);
  });
});

describe('client certificates', () => {
  const ask = { ca: authority.cert };
  test('are demanded, and their names are looked at', async (t) => {
    const clients = { ca: authority.cert, subjects: ['api-server'] };
    const { port } = await serve(t, { certificate: fixed, clients });
    await assert.rejects(post(port, ask));
    assert.equal((await post(port, { ...ask, ...(await clientPair('api-server')) })).status, 200);
    assert.equal((await post(port, { ...ask, ...(await clientPair('somebody')) })).status, 403);
    assert.equal(
      (await post(port, { ...ask, ...(await clientPair('x', 'other', 'api-server')) })).status,
      200,
    );
  });

  test('one name that reads like several is one', async (t) => {
    const clients = { ca: authority.cert, subjects: ['api-server'] };
    const { port } = await serve(t, { certificate: fixed, clients });
    const forger = await clientPair('x', 'a, DNS:api-server, DNS:b');
    assert.equal((await post(port, { ...ask, ...forger })).status, 403);
  });

  test('are still demanded when the serving certificate is another one', async (t) => {
    const swaps: ((certificate: ServingCertificate) => void)[] = [];
    const certificate: CertificateSource = {
      ...fixed,
      onChange: (listener) => {
        swaps.push(listener);
        return () => undefined;
      },
    };
    const clients = { ca: authority.cert, subjects: ['api-server'] };
    const { port } = await serve(t, { certificate, clients });
    const next = await issueLeaf(authority, { dnsNames: ['localhost'], duration: 3_600_000, now });
    for (const swap of swaps) swap(next);
    await assert.rejects(post(port, ask));
    assert.equal((await post(port, { ...ask, ...(await clientPair('api-server')) })).status, 200);
    assert.equal((await post(port, { ...ask, ...(await clientPair('somebody')) })).status, 403);
    const stranger = await createAuthority('other-ca', now - 60_000);
    const key = encodePrivateKey(stranger.key, 'PKCS8');
    await assert.rejects(post(port, { ...ask, cert: stranger.cert, key }));
  });
});

test('while CA and leaf rotate no request fails, for who trusts the CA before and for who trusts the next', async (t) => {
  const day = 86_400_000;
  const client = new MemoryClient();
  // TLS looks at the machine's clock: the rotation falls on a few minutes ago.
  const clock = createFakeClock(now - 244 * day, async () => {
    for (let i = 0; i < 2000 && clock.pendingTimers === 0; i++)
      await new Promise((resolve) => setImmediate(resolve));
  });
  const key = { namespace: 'ns', name: 'ca' };
  const certificate = dynamicCertificates({
    client,
    ...key,
    dnsNames: ['localhost'],
    component: 'cert-manager-webhook',
    clock,
    log: quiet,
  });
  const stop = new AbortController();
  const run = certificate.run(stop.signal);
  const ca = async (): Promise<string> => {
    const { data } = await client.get<KubeObject & { data: Record<string, string> }>(secrets, key);
    return Buffer.from(data['ca.crt'] ?? '', 'base64').toString();
  };
  await clock.advance(0);
  const first = await ca();
  const { port } = await serve(t, { certificate });
  clock.jump(243 * day);
  await clock.advance(10_000);
  assert.equal(await ca(), first);
  for (let round = 0; round < 8; round++) {
    const asked = [post(port, { ca: first }), post(port, { ca: await ca() })];
    clock.jump(2 * 3_600_000);
    await clock.advance(10_000);
    for (const each of [...asked, post(port, { ca: first }), post(port, { ca: await ca() })])
      assert.equal((await each).status, 200);
  }
  assert.notEqual(await ca(), first);
  stop.abort(new Error('over'));
  await run;
});
