/** Public certificates on one machine: `certwright up` against Pebble, in each way in which HTTP-01 and TLS-ALPN-01 are answered there. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { write } from '../embedded/cli/run-cli.ts';
import { exported, listen, machine, manifests, reverseProxy, startUp } from './acme-standalone-world.ts';

const examples = join(import.meta.dirname, '../../examples/acme/standalone');

/** Addresses of this machine that others can reach: Pebble connects to them, and they are none of loopback. */
const ownIpv6 = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .filter(({ family, internal, scopeid }) => family === 'IPv6' && !internal && scopeid === 0)
  .map(({ address }) => address);

/** Writes down what it was told. */
const hook = (target: string): string => `apiVersion: certwright.dev/v1alpha1
kind: UpConfiguration
hooks:
  - name: note
    command:
      - ${process.execPath}
      - -e
      - |
        const { CERTWRIGHT_CERTIFICATE: certificate, CERTWRIGHT_DIRECTORY: directory } = process.env;
        const serial = new (require('node:crypto').X509Certificate)(require('node:fs').readFileSync(directory + '/tls.crt')).serialNumber;
        require('node:fs').appendFileSync(${JSON.stringify(target)}, certificate + ' ' + serial + '\\n');
        console.log('noted ' + certificate);
`;

suite('up with an ACME issuer', () => {
  test('answers HTTP-01 behind a reverse proxy, looks at the answer first, exports, and runs the hook', async (t) => {
    const world = await machine(t);
    manifests(world, 'http01: { listener: {} }', { web: ['shop.example.test', 'www.shop.example.test'] });
    write(world.file('up.yaml'), hook(world.file('noted')));
    await reverseProxy(t, world.httpPort, world.sparePort);
    const up = startUp(
      t,
      world,
      ['--acme-http01-listen', `127.0.0.1:${world.sparePort}`, '--config', world.file('up.yaml')],
      // The check goes to port 80, where this test may not listen: the same proxy takes it there.
      { HTTP_PROXY: `http://127.0.0.1:${world.httpPort}` },
    );
    const text = await up.seen(/Hooks:\n.*\n/);
    assert.match(text, /shop\/web +True +ClusterIssuer\/pebble/);
    assert.match(text, /Hooks:\n {2}shop\/web: note done/);
    assert.match(text, /noted shop\/web/);
    const certificate = exported(world, 'web');
    assert.match(certificate.subjectAltName ?? '', /DNS:shop\.example\.test, DNS:www\.shop\.example\.test/);
    assert.equal(readFileSync(world.file('noted'), 'utf8'), `shop/web ${certificate.serialNumber}\n`);
    assert.equal(await up.stop(), 0);

    // What is valid is not ordered again, and what is deployed is not deployed again.
    const again = startUp(t, world, ['--config', world.file('up.yaml')]);
    assert.match(await again.seen(/Hooks:\n.*\n/), /shop\/web: note done/);
    assert.equal(await again.stop(), 0);
    assert.equal(exported(world, 'web').serialNumber, certificate.serialNumber);
    assert.equal(readFileSync(world.file('noted'), 'utf8'), `shop/web ${certificate.serialNumber}\n`);
  });

  test('puts answers into the webroot of a web server that runs already, and leaves nothing in it', async (t) => {
    const world = await machine(t);
    manifests(world, 'waitInsteadOfSelfCheck: 0s\n        http01: { listener: {} }', {
      web: ['shop.example.test'],
    });
    const www = world.file('www');
    mkdirSync(www);
    const asked: string[] = [];
    const server = createServer((incoming, response) => {
      const path = join(www, decodeURIComponent(incoming.url ?? ''));
      asked.push(incoming.url ?? '');
      if (!existsSync(path) || !statSync(path).isFile()) response.writeHead(404).end();
      else response.end(readFileSync(path));
    });
    await listen(t, server, world.httpPort);
    const up = startUp(t, world, ['--acme-webroot', www, '--once', '--timeout', '2m']);
    assert.equal(await up.ended, 0, up.text());
    assert.match(exported(world, 'web').subjectAltName ?? '', /DNS:shop\.example\.test/);
    assert.ok(asked.some((path) => path.startsWith('/.well-known/acme-challenge/')));
    assert.deepEqual(readdirSync(join(www, '.well-known/acme-challenge')), []);
    assert.deepEqual(readdirSync(world.file('data/webroot')), []);
  });

  test('answers TLS-ALPN-01, for names and for addresses', async (t) => {
    const world = await machine(t);
    manifests(world, 'waitInsteadOfSelfCheck: 0s\n        tlsALPN01: { listener: {} }', {
      web: ['shop.example.test', 'api.shop.example.test'],
      address: ['127.0.0.1'],
    });
    const up = startUp(t, world, [
      '--acme-tls-alpn-listen',
      `127.0.0.1:${world.tlsPort}`,
      '--once',
      '--timeout',
      '2m',
    ]);
    assert.equal(await up.ended, 0, up.text());
    assert.match(exported(world, 'web').subjectAltName ?? '', /DNS:api\.shop\.example\.test/);
    assert.match(exported(world, 'address').subjectAltName ?? '', /IP Address:127\.0\.0\.1/);
  });

  test('answers for IPv6 addresses, however they are written, by HTTP-01 and by TLS-ALPN-01', async (t) => {
    if (!Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))) {
      t.diagnostic('left out: this machine has no IPv6 loopback');
      return;
    }
    const world = await machine(t);
    manifests(
      world,
      `waitInsteadOfSelfCheck: 0s
        http01: { listener: {} }
        selector: { dnsNames: ["127.0.0.1", "::1"] }
      - waitInsteadOfSelfCheck: 0s
        selector: { dnsNames: [${ownIpv6.map((address) => JSON.stringify(address)).join(', ')}] }
        tlsALPN01: { listener: {} }`,
      {
        both: ['127.0.0.1', '0:0:0:0:0:0:0:1'],
        ...(ownIpv6.length === 0 ? {} : { tls: ownIpv6.slice(0, 1) }),
      },
    );
    const up = startUp(t, world, [
      '--acme-http01-listen',
      `:${world.httpPort}`,
      '--acme-tls-alpn-listen',
      `[::]:${world.tlsPort}`,
      '--once',
      '--timeout',
      '2m',
    ]);
    assert.equal(await up.ended, 0, up.text());
    const addresses = exported(world, 'both').subjectAltName?.split(', ').toSorted();
    assert.deepEqual(addresses, ['IP Address:0:0:0:0:0:0:0:1', 'IP Address:127.0.0.1']);
    if (ownIpv6.length > 0) assert.match(exported(world, 'tls').subjectAltName ?? '', /^IP Address:/);
  });

  test('says which flag is at fault when the port is taken', async (t) => {
    const world = await machine(t);
    manifests(world, 'http01: { listener: {} }', { web: ['shop.example.test'] });
    const taken = await listen(t, createServer());
    const up = startUp(t, world, ['--acme-http01-listen', `127.0.0.1:${taken}`]);
    assert.equal(await up.ended, 3);
    assert.match(up.text(), /--acme-http01-listen 127\.0\.0\.1:\d+: another program listens there/);
  });

  test('says in its table what an order waits for: the reason of the Challenge', async (t) => {
    const world = await machine(t);
    manifests(world, 'http01: { listener: {} }', { web: ['shop.example.test'] });
    const up = startUp(t, world, ['--acme-http01-listen', '0', '--once', '--timeout', '15s']);
    assert.equal(await up.ended, 1);
    assert.match(
      up.text(),
      /Not ready:\n.*shop\.example\.test by HTTP-01: .*listens for no HTTP-01 challenges: start it with --acme-http01-listen or --acme-webroot/,
    );
  });

  test('says in its log what a challenge waits for, once', async (t) => {
    const world = await machine(t);
    manifests(world, 'http01: { listener: {} }', { web: ['shop.example.test'] });
    const listen = ['--acme-http01-listen', `127.0.0.1:${world.sparePort}`];
    const up = startUp(t, world, [
      ...listen,
      '--dns01-check-retry-period',
      '1s',
      '--once',
      '--timeout',
      '15s',
    ]);
    assert.equal(await up.ended, 1);
    const said =
      /^[\d:]+ Waiting for HTTP-01 challenge propagation: .*(?:the name leads nowhere|where the name leads is not known): .*challenge=shop\/web/gm;
    assert.equal(up.text().match(said)?.length, 1, up.text());
  });

  test('takes the manifests of examples/acme, with another CA', async (t) => {
    const world = await machine(t);
    await reverseProxy(t, world.httpPort, world.sparePort);
    const { directoryUrl, caBundle } = world.pebble;
    const paths = [...readdirSync(examples).map((name) => `standalone/${name}`), 'tls-alpn01.yaml'];
    for (const path of paths)
      write(
        world.file(`manifests/${path}`),
        readFileSync(join(examples, '..', path), 'utf8').replace(
          /server: https:.*\n/,
          `server: ${directoryUrl}\n    caBundle: ${Buffer.from(caBundle).toString('base64')}\n`,
        ),
      );
    const up = startUp(
      t,
      world,
      ['--acme-http01-listen', `127.0.0.1:${world.sparePort}`, '--once', '--timeout', '2m'],
      { HTTP_PROXY: `http://127.0.0.1:${world.httpPort}` },
    );
    assert.equal(await up.ended, 0, up.text());
    const { subjectAltName } = new X509Certificate(readFileSync(world.file('out/web/shop/tls.crt')));
    assert.equal(subjectAltName, 'DNS:shop.example.com, DNS:www.shop.example.com');
  });
});
