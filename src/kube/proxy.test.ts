/** A kubeconfig with `proxy-url`: requests and watches go through CONNECT, the proxy sees TLS only. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectSocket, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ConfigMap } from '../api/core.ts';
import { configMaps } from '../api/resources.ts';
import { encodePem } from '../pki/pem.ts';
import { generateKey } from '../pki/keys.ts';
import { certificateFromRequest } from '../pki/x509/certificate-from-request.ts';
import { createCsr } from '../pki/x509/create-csr.ts';
import { parseCsr } from '../pki/x509/parse-csr.ts';
import { createSigner } from '../pki/x509/sign-certificate.ts';
import { systemClock } from './clock.ts';
import { connect, endpointOf, type Endpoint } from './connect.ts';
import { ConfigurationError, TransportError } from './errors.ts';
import { nodeHost } from './host.ts';
import { createKubeClient } from './http-client.ts';

async function identity(commonName: string): Promise<{ cert: string; key: string }> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
  const csr = parseCsr(createCsr({ commonName, dnsNames: ['inner.example'], isCA: true }, key));
  const der = await certificateFromRequest({ csr, now: Date.now(), isCA: true }, createSigner(key));
  return { cert: encodePem('CERTIFICATE', der), key: String(key.export({ type: 'pkcs8', format: 'pem' })) };
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

describe('an API behind a proxy', () => {
  let api: { cert: string; key: string };
  let alice: { cert: string; key: string };
  let apiPort = 0;
  let proxyPort = 0;
  const connected: string[] = [];
  const passed: Buffer[] = [];
  const servers: Server[] = [];
  /** What the proxy answers instead of connecting. */
  let refusal: string | undefined;

  before(async () => {
    [api, alice] = await Promise.all([identity('api'), identity('alice')]);
    const server = createHttpsServer(
      { ...api, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const peer = (request.socket as TLSSocket).getPeerCertificate();
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', resourceVersion: '7' } };
        const data = { peer: peer.subject?.CN ?? 'nobody', token: request.headers.authorization ?? '' };
        if (request.url?.includes('watch=') === true)
          response.write(`${JSON.stringify({ type: 'ADDED', object: { ...object, data } })}\n`);
        else response.end(JSON.stringify({ ...object, data }));
      },
    );
    apiPort = await listen(server);
    const proxy = createHttpServer();
    proxy.on('connect', (request, socket) => {
      connected.push(request.url ?? '');
      if (refusal !== undefined) {
        socket.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
        return;
      }
      // Wherever the name points to, it is our API.
      const upstream = connectSocket(apiPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      socket.on('data', (chunk: Buffer) => passed.push(chunk));
      const close = (): void => {
        socket.destroy();
        upstream.destroy();
      };
      socket.on('error', close).on('close', close);
      upstream.on('error', close).on('close', close);
    });
    proxyPort = await listen(proxy);
    servers.push(server, proxy);
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  function endpoint(change: Record<string, unknown> = {}, ca = api.cert): Endpoint {
    const inline = (text: string): string => Buffer.from(text).toString('base64');
    const context = {
      name: 'c',
      namespace: 'default',
      cluster: {
        server: 'https://inner.example:6443',
        'certificate-authority-data': inline(ca),
        'proxy-url': `http://127.0.0.1:${proxyPort}`,
        ...change,
      },
      user: {
        token: 'secret-token',
        'client-certificate-data': inline(alice.cert),
        'client-key-data': inline(alice.key),
      },
    };
    return endpointOf(context, nodeHost({}, '/'), systemClock);
  }
  async function read(at: Endpoint): Promise<ConfigMap['data']> {
    const connection = await connect(at, { clock: systemClock, random: () => 0 });
    try {
      return (await createKubeClient(connection).get<ConfigMap>(configMaps, { namespace: 'n', name: 'x' }))
        .data;
    } finally {
      await connection.close();
    }
  }

  it('is reached by CONNECT, with CA, client certificate and token end to end', async () => {
    connected.length = 0;
    passed.length = 0;
    assert.deepEqual(await read(endpoint()), { peer: 'alice', token: 'Bearer secret-token' });
    assert.deepEqual([...new Set(connected)], ['inner.example:6443']);
    assert.ok(passed.length > 0);
    assert.equal(Buffer.concat(passed).includes('secret-token'), false, 'the proxy sees no credentials');
  });

  it('is watched through it as well', async () => {
    const connection = await connect(endpoint(), { clock: systemClock, random: () => 0 });
    const events: string[] = [];
    for await (const { type, object } of createKubeClient(connection).watch<ConfigMap>(configMaps)) {
      events.push(`${type} ${object.data?.['peer']}`);
      break;
    }
    assert.deepEqual(events, ['ADDED alice']);
    await connection.close();
  });

  it('is not trusted because of the proxy', async () => {
    await assert.rejects(read(endpoint({}, alice.cert)), TransportError);
    await assert.rejects(read(endpoint({ 'tls-server-name': 'other.example' })), TransportError);
  });

  it('cannot be reached when the proxy refuses or is not there', async () => {
    refusal = '407 Proxy Authentication Required';
    await assert.rejects(read(endpoint()), TransportError);
    refusal = undefined;
    await assert.rejects(read(endpoint({ 'proxy-url': 'http://127.0.0.1:1' })), TransportError);
  });

  it('needs a proxy of a kind that we know', async () => {
    await assert.rejects(read(endpoint({ 'proxy-url': 'socks5://127.0.0.1:1' })), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.match(error.message, /proxy-url socks5:.*only http and https/);
      return true;
    });
  });
});
