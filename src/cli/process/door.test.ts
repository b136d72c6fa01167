/** The HTTP servers of health and metrics: bounded, by HTTPS where asked, and clear about a port that is taken. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:tls';
import { test, type TestContext } from 'node:test';
import type { ServingCertificate } from '../../serving/certificate-source.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { createAuthority } from '../../serving/authority.ts';
import { EnvironmentError } from '../errors.ts';
import { openDoor, type Door, type DoorOptions } from './door.ts';

async function open(t: TestContext, more: Partial<DoorOptions> = {}): Promise<Door> {
  const door = await openDoor({
    setting: '--test-listen-address',
    address: { host: '127.0.0.1', port: 0 },
    answer: (target) => ({ status: target === '/' ? 200 : 404, contentType: 'text/plain', body: 'hello' }),
    ...more,
  });
  t.after(() => door.close());
  return door;
}

function ask(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    asked.on('error', reject).end();
  });
}

test('GET and HEAD are answered, nothing else is', async (t) => {
  const { url } = await open(t);
  assert.deepEqual(await ask(url), [200, 'hello']);
  assert.deepEqual(await ask(url, 'HEAD'), [200, '']);
  assert.equal((await ask(`${url}/x`))[0], 404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.equal((await ask(url, method))[0], 405);
  assert.equal((await ask(url, 'GET', { 'x-long': 'x'.repeat(9_000) }))[0], 431);
});

test('an answer in pieces arrives whole, and one that nobody finishes reading harms nobody', async (t) => {
  let left = false;
  const { url } = await open(t, {
    answer: () => ({
      status: 200,
      contentType: 'text/plain',
      body: (async function* pieces() {
        try {
          for (let count = 0; count < 100; count += 1) yield await Promise.resolve('x'.repeat(1000));
        } finally {
          left = true;
        }
      })(),
    }),
  });
  assert.equal((await ask(url))[1].length, 100_000);
  assert.ok(left);
  left = false;
  await new Promise<void>((resolve, reject) => {
    const asked = request(url, { agent: false }, (response) => response.once('data', () => asked.destroy()));
    asked.once('close', resolve).on('error', reject).end();
  });
  assert.equal((await ask(url))[0], 200);
});

test('a port that is taken is named with its setting and the remedy', async (t) => {
  const { url } = await open(t);
  const port = Number(new URL(url).port);
  await assert.rejects(open(t, { address: { host: '127.0.0.1', port } }), (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.match(
      error.message,
      /^--test-listen-address 127\.0\.0\.1:\d+: it is taken: choose another address/,
    );
    return true;
  });
});

test('by HTTPS: no handshake before there is a certificate, and a new one is used at once', async (t) => {
  let current: ServingCertificate | undefined;
  let announce: ((certificate: ServingCertificate) => void) | undefined;
  const { url } = await open(t, {
    tls: {
      certificate: {
        get current() {
          return current;
        },
        onChange: (listener) => {
          announce = listener;
          return () => (announce = undefined);
        },
      },
      options: { minVersion: 'TLSv1.2' },
    },
  });
  assert.match(url, /^https:/);
  const { port } = new URL(url);
  const subject = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject['CN']));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  await assert.rejects(subject());
  for (const name of ['one', 'two']) {
    const made = await certificate(name);
    current = made;
    announce?.(made);
    assert.equal(await subject(), name);
  }
});

async function certificate(commonName: string): Promise<ServingCertificate> {
  const { cert, key } = await createAuthority(commonName, Date.now());
  return { cert, key: encodePrivateKey(key, 'PKCS8') };
}
