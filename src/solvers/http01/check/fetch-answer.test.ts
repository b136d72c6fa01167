/** Single looks at real listeners: TLS after a redirect, tunnels of a proxy, hosts that are none, connections that end badly. */
import assert from 'node:assert/strict';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect, createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createChallengeCertificate } from '../../tls-alpn01/challenge-certificate.ts';
import { fetchAnswer, fetchThroughProxy, type FetchDeps, type Look } from './fetch-answer.ts';

const path = '/.well-known/acme-challenge/t';
const look: Look = { host: 'a.test', path, expected: 'k', to: { address: '192.0.2.1', port: 80 } };

async function listening(t: TestContext, server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function deps(ports: Record<string, number>, resolved: Record<string, string> = {}): FetchDeps {
  return {
    userAgent: 'test/1',
    resolve: (host) => Promise.resolve(resolved[host] === undefined ? [] : [resolved[host]]),
    dial: ({ address, port }) => ({ address: '127.0.0.1', port: ports[`${address}:${port}`] ?? 1 }),
  };
}

test('TLS after a redirect is not verified: it is the certificate to be replaced', async (t) => {
  const { certificate: cert, key } = await createChallengeCertificate(
    'other.test',
    Buffer.alloc(32),
    Date.now(),
  );
  const secure = createTls({ cert, key }, ((request, response) =>
    response.end(request.headers['user-agent'] === 'test/1' ? 'k' : 'x')) as RequestListener);
  const plain = createHttp((request, response) =>
    response.writeHead(301, { Location: `https://a.test${request.url}` }).end(),
  );
  const ports = { '192.0.2.1:80': await listening(t, plain), '192.0.2.1:443': await listening(t, secure) };
  assert.deepEqual(await fetchAnswer(look, deps(ports, { 'a.test': '192.0.2.1' })), { kind: 'match' });

  const proxyServer = createHttp((request, response) => {
    // The absolute form of a proxy: hand it on to the plain server.
    response.writeHead(301, { Location: request.url?.replace('http:', 'https:') }).end();
  });
  proxyServer.on('connect', (request, socket) => {
    assert.equal(request.url, 'a.test:443');
    assert.equal(request.headers['proxy-authorization'], 'Basic eDp5');
    const onward = connect(ports['192.0.2.1:443'], '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
  });
  const proxy = { host: '127.0.0.1', port: await listening(t, proxyServer), authorization: 'Basic eDp5' };
  assert.deepEqual(await fetchThroughProxy(look, proxy, { userAgent: 'test/1' }), { kind: 'match' });
});

test('a proxy that refuses the tunnel is not taken for an answer', async (t) => {
  const server = createHttp((_request, response) =>
    response.writeHead(302, { Location: 'https://a.test/' }).end(),
  );
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  const outcome = await fetchThroughProxy(
    look,
    { host: '127.0.0.1', port: await listening(t, server) },
    { userAgent: 'x' },
  );
  assert.ok(outcome.kind === 'unreachable' && outcome.why === 'proxy', JSON.stringify(outcome));
});

test('what is no host is not asked', async () => {
  for (const host of ['a.test/x', 'a.test@evil.test', 'a.test:81', 'a b', '', 'a.test?x', 'a.test#'])
    assert.equal((await fetchAnswer({ ...look, host }, deps({}))).kind, 'wrong', host);
  for (const wrongPath of ['/../secret', '/x?y', '/x#y'])
    assert.equal((await fetchAnswer({ ...look, path: wrongPath }, deps({}))).kind, 'wrong', wrongPath);
});

test('a name that leads to a metadata server is not asked in the first place', async () => {
  const outcome = await fetchAnswer({ ...look, to: { address: '169.254.169.254', port: 80 } }, deps({}));
  assert.ok(outcome.kind === 'wrong' && /is not asked/.test(outcome.detail));
});

test('closed connections and what is not HTTP', async (t) => {
  const closing = createTcp((socket) => socket.destroy());
  const babbling = createTcp((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
  const ports = { '192.0.2.1:80': await listening(t, closing), '192.0.2.2:80': await listening(t, babbling) };
  const closed = await fetchAnswer(look, deps(ports));
  assert.ok(closed.kind === 'unreachable' && closed.why === 'closed', JSON.stringify(closed));
  const other = await fetchAnswer({ ...look, to: { address: '192.0.2.2', port: 80 } }, deps(ports));
  assert.ok(other.kind === 'wrong' && other.what === 'not-http', JSON.stringify(other));
  const stopped = await fetchAnswer(look, deps(ports), AbortSignal.abort());
  assert.equal(stopped.kind, 'unreachable');
});

test('nobody outside leads us to what listens on this machine only, with a proxy or without', async (t) => {
  let inside = 0;
  const local = await listening(
    t,
    createHttp((_request, response) => {
      inside++;
      response.end('k');
    }),
  );
  const leading = await listening(
    t,
    createHttp((_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:8080/' }).end()),
  );
  const straight = await fetchAnswer(look, deps({ '192.0.2.1:80': leading, '127.0.0.1:8080': local }));
  assert.equal(straight.kind === 'wrong' && straight.what, 'refused-redirect');
  const proxy = { host: 'proxy.test', port: 3128 };
  const asked = await fetchThroughProxy(look, proxy, deps({ 'proxy.test:3128': leading }));
  assert.equal(asked.kind === 'wrong' && asked.what, 'refused-redirect');
  const first = { ...look, host: '169.254.169.254' };
  const metadata = await fetchThroughProxy(first, proxy, deps({ 'proxy.test:3128': local }));
  assert.equal(metadata.kind === 'wrong' && metadata.what, 'refused-address');
  assert.equal(inside, 0);
});
