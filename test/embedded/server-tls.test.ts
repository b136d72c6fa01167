/** The TLS front door: who gets in, what is written where, how it stops. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { createServer, type EmbeddedServer, type Listening } from '../../src/standalone/server.ts';
import { servingCa, servingCertificate } from '../../src/standalone/server/serving-certificate.ts';
import { randomBytes } from 'node:crypto';
import { asker, watchEvents } from './server-harness.ts';

describe('TLS', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-tls-'));
  const surroundings = { dataDir: undefined, random: randomBytes, now: Date.now };
  let server: EmbeddedServer;
  let listening: Listening;
  let agent: Agent;
  let clientCaText: string;
  before(async () => {
    clientCaText = (await servingCa(surroundings)).text;
    server = await createServer({ dataDir });
    listening = await server.listen({ clientCa: clientCaText });
    agent = new Agent({ connect: { ca: listening.ca } });
  });
  after(async () => {
    await agent.destroy();
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('the token opens, nothing and a wrong token do not', async () => {
    assert.equal(
      (await asker(agent, listening.url, listening.token)('GET', '/api/v1/namespaces/default')).code,
      200,
    );
    for (const token of [undefined, 'wrong']) {
      const { code, body } = await asker(agent, listening.url, token)('GET', '/api/v1/namespaces/default');
      assert.deepEqual([code, body['reason'], body['kind']], [401, 'Unauthorized', 'Status']);
    }
    assert.equal((await asker(agent, listening.url)('GET', '/livez')).code, 200);
  });

  test('who am I', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
    const { body } = await asker(agent, listening.url, listening.token)(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      review,
    );
    assert.deepEqual(body['status'], {
      userInfo: { username: 'certwright:admin', groups: ['system:masters', 'system:authenticated'] },
    });
  });

  test('a certificate of a stranger opens nothing', async () => {
    const stranger = await servingCertificate(await servingCa(surroundings), ['x.example'], surroundings);
    const other = new Agent({ connect: { ca: listening.ca, ...stranger } });
    assert.equal((await asker(other, listening.url)('GET', '/api/v1/namespaces')).code, 401);
    await other.destroy();
  });

  test('the kubeconfig works and is private, like all that is kept', () => {
    const config = parse(readFileSync(join(dataDir, 'kubeconfig'), 'utf8')) as {
      clusters: { cluster: { server: string } }[];
      users: { user: { token: string } }[];
    };
    assert.equal(config.clusters[0]?.cluster.server, listening.url);
    assert.equal(config.users[0]?.user.token, listening.token);
    for (const name of ['kubeconfig', 'token', 'serving-ca.pem', 'objects.db', 'objects.db-wal'])
      assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  });

  test('too much is refused without being read', async () => {
    const { code } = await asker(agent, listening.url, listening.token)(
      'POST',
      '/api/v1/namespaces',
      'x'.repeat(4 * 1024 * 1024),
    );
    assert.equal(code, 413);
  });

  test('beyond loopback a token or client CA is asked for, and a guessable token refused', async () => {
    await assert.rejects(server.listen({ host: '0.0.0.0' }), { code: 'ERR_LISTEN_OPEN' });
    await assert.rejects(server.listen({ token: 'short' }), { code: 'ERR_LISTEN_TOKEN' });
    await assert.rejects(server.listen({ port: listening.port }), { code: 'ERR_LISTEN' });
  });

  test('closing ends watches in order', async () => {
    const second = await server.listen({ kubeconfig: false });
    const own = new Agent({ connect: { ca: second.ca } });
    const headers = { authorization: `Bearer ${second.token}` };
    const events = await watchEvents(
      own,
      '/api/v1/namespaces?watch=1',
      Infinity,
      () => second.close(),
      headers,
      second.url,
    );
    assert.ok(events.length >= 4);
    await own.destroy();
  });
});

test('a server without a folder forgets, and two servers cannot share a folder', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-lock-'));
  const first = await createServer({ dataDir });
  await assert.rejects(createServer({ dataDir }), { code: 'ERR_STORAGE_BUSY', retryable: true });
  await first.close();
  const again = await createServer({ dataDir });
  await again.close();
  rmSync(dataDir, { recursive: true, force: true });
});
