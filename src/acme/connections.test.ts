/** Whom a client trusts and through whom it goes: roots of its own, no checks, proxies and their exceptions. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { encodePem } from '../pki/pem.ts';
import { generateKey } from '../pki/keys.ts';
import { certificateFromRequest } from '../pki/x509/certificate-from-request.ts';
import { createCsr } from '../pki/x509/create-csr.ts';
import { parseCsr } from '../pki/x509/parse-csr.ts';
import { createSigner } from '../pki/x509/sign-certificate.ts';
import { AcmeConfigurationError, AcmeTransportError } from './errors.ts';
import { proxyChoice } from './proxy-choice.ts';
import { testClient } from './testing/test-client.ts';

async function identity(): Promise<{ cert: string; key: string }> {
  const key = await generateKey({ algorithm: 'ECDSA' });
  const template = { commonName: 'ca', dnsNames: ['ca.example'], ipAddresses: ['127.0.0.1'], isCA: true };
  const csr = parseCsr(createCsr(template, key));
  const der = await certificateFromRequest({ csr, now: Date.now(), isCA: true }, createSigner(key));
  return { cert: encodePem('CERTIFICATE', der), key: String(key.export({ type: 'pkcs8', format: 'pem' })) };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('connections to a CA', () => {
  let own: { cert: string; key: string };
  let caPort = 0;
  let proxyPort = 0;
  const servers: Server[] = [];
  const proxied: string[] = [];
  const directory = JSON.stringify({
    newNonce: 'https://ca.example/n',
    newAccount: 'https://ca.example/a',
    newOrder: 'https://ca.example/o',
  });
  before(async () => {
    own = await identity();
    const ca = createTlsServer(own, (_request, response) => response.end(directory));
    const proxy = createServer((request, response) => {
      proxied.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      response.end(directory);
    });
    caPort = await listen(ca);
    proxy.on('connect', (request, socket) => {
      proxied.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const upstream = connect(caPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      for (const [one, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    });
    proxyPort = await listen(proxy);
    servers.push(ca, proxy);
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
  async function look(url: string, change: Parameters<typeof testClient>[1]): Promise<string> {
    const client = await testClient(url, change);
    try {
      return (await client.directory()).newNonce;
    } finally {
      await client.close();
    }
  }

  it('trust the bundle that was given and nothing else, or everything when told to', async () => {
    const url = `https://127.0.0.1:${caPort}/dir`;
    assert.equal(await look(url, { caBundle: own.cert }), 'https://ca.example/n');
    assert.equal(await look(url, { skipTLSVerify: true }), 'https://ca.example/n');
    for (const caBundle of [undefined, (await identity()).cert])
      await assert.rejects(look(url, { caBundle }), (error) => {
        assert.ok(error instanceof AcmeTransportError && error.reason === 'tls', String(error));
        return error.message.includes('spec.acme.caBundle') && !error.message.includes('Node.js');
      });
  });
  it('go through a proxy by CONNECT, checked end to end, with the password of its URL', async () => {
    proxied.length = 0;
    const proxy = { https: `http://me:secret@127.0.0.1:${proxyPort}` };
    assert.equal(await look('https://ca.example/dir', { caBundle: own.cert, proxy }), 'https://ca.example/n');
    assert.deepEqual(proxied, [
      `CONNECT ca.example:443 Basic ${Buffer.from('me:secret').toString('base64')}`,
    ]);
    await assert.rejects(
      look('https://other.example/dir', { caBundle: own.cert, proxy }),
      AcmeTransportError,
    );
    await assert.rejects(look('https://ca.example/dir', { proxy }), AcmeTransportError);
  });
  it('go through a proxy for plain http, too', async () => {
    proxied.length = 0;
    const proxy = { http: `127.0.0.1:${proxyPort}` };
    assert.equal(await look('http://ca.example/dir', { proxy }), 'https://ca.example/n');
    assert.match(proxied[0] ?? '', /^GET http:\/\/ca\.example\/dir /u);
  });
  it('are not opened with a bundle, a proxy or an address that is none', async () => {
    const wrong: [string, Parameters<typeof testClient>[1]][] = [
      ['https://ca.example/dir', { caBundle: 'nothing' }],
      ['https://ca.example/dir', { caBundle: '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n' }],
      ['https://ca.example/dir', { proxy: { https: 'socks5://secret@x' } }],
      ['https://user:password@ca.example/dir', {}],
      ['ftp://ca.example/dir', {}],
      ['ca.example', {}],
      ['https://ca.example/dir', { accountKeyPem: 'no key' }],
    ];
    for (const [url, change] of wrong)
      await assert.rejects(look(url, change), (error) => {
        assert.ok(error instanceof AcmeConfigurationError, `${url} ${JSON.stringify(change)}`);
        return !error.message.includes('secret') && !error.retryable;
      });
  });
});

describe('proxyChoice', () => {
  const choose = proxyChoice({
    https: 'http://s:1',
    http: 'h:2',
    none: 'plain.example, .dotted.example,*.starred.example port.example:8443,10.0.0.0/8,2001:db8::/32,[::2]:443,192.0.2.7,upper.EXAMPLE.',
  });
  const via = (url: string): string | undefined => choose(new URL(url));
  it('is by scheme, and leaves out what NO_PROXY names', () => {
    assert.equal(via('https://ca.example/'), 'http://s:1');
    assert.equal(via('http://ca.example/'), 'http://h:2');
    for (const direct of [
      'https://plain.example/',
      'https://sub.plain.example/',
      'https://sub.dotted.example/',
      'https://a.starred.example/',
      'https://port.example:8443/',
      'https://10.1.2.3/',
      'https://[2001:db8:1::1]/',
      'https://[::2]/',
      'https://192.0.2.7/',
      'https://upper.example./',
      'https://localhost/',
      'https://127.1.2.3/',
      'https://[::1]/',
    ])
      assert.equal(via(direct), undefined, direct);
    for (const proxied of [
      'https://dotted.example/',
      'https://starred.example/',
      'https://notplain.example/',
      'https://port.example/',
      'https://11.0.0.1/',
      'https://[2001:db9::1]/',
      'https://[::2]:8443/',
    ])
      assert.equal(via(proxied), 'http://s:1', proxied);
  });
  it('is none without settings, or where everything is left out', () => {
    assert.equal(proxyChoice(undefined)(new URL('https://ca.example/')), undefined);
    assert.equal(proxyChoice({ https: 'http://s:1', none: '*' })(new URL('https://ca.example/')), undefined);
  });
});
