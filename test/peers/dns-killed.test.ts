/**
 * kill -9 of a real `certwright up` at every request of an order to its CA, once before the CA hears of it and once when
 * the CA has done it and nobody has heard: the next life goes on, and nothing is asked for twice or left behind.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { startCaProxy, type CaRequest } from '../../tools/peers/acme/ca-proxy.ts';
import { startPebble } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { startBind } from '../../tools/peers/bind/bind.ts';
import { workspace, write } from '../embedded/cli/run-cli.ts';
import { exported, listen, startUp, type Machine, type Up } from './acme-standalone-world.ts';

const key = { name: 'certwright', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7).toString('base64') };

test('killed at every step of an order, before and after the CA heard of it', async (t) => {
  const folder = workspace(t);
  const [httpPort = 0, tlsPort = 0, sparePort = 0] = await freePorts(3);
  const bind = await startBind({
    keys: [key],
    zones: [{ name: '.' }, { name: 'example.test', allowUpdate: [key.name], records: ['@ A 127.0.0.1'] }],
  });
  t.after(() => bind.stop());
  const retryAfter = { authz: 1, order: 1 };
  const pebble = await startPebble({
    httpPort,
    dnsServer: bind.server,
    noSleep: true,
    nonceReject: 0,
    retryAfter,
  });
  t.after(() => pebble.stop());
  const proxy = await startCaProxy(pebble);
  t.after(() => proxy.stop());
  const world: Machine = { folder, pebble, httpPort, tlsPort, sparePort, file: (name) => join(folder, name) };
  const www = world.file('www');
  mkdirSync(www);
  const webServer = createServer((incoming, response) => {
    const path = join(www, incoming.url ?? '');
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await listen(t, webServer, httpPort);
  write(world.file('manifests/public.yaml'), manifestsOf(proxy, bind.server));
  const args = ['--acme-webroot', www, '--dns01-recursive-nameservers', bind.server];
  args.push('--dns01-recursive-nameservers-only', '--dns01-check-retry-period', '1s');

  let up: Up | undefined;
  const killedAt = new Map<string, number>();
  const asked = new Map<string, number>();
  let done = false;
  /** The state of orders and authorizations changes under one URL: the first two questions are steps. */
  const stepOf = ({ call, path }: CaRequest): string => {
    const times = Math.min(2, (asked.get(path) ?? 0) + 1);
    return call === 'order' || call === 'authorization' ? `${call} ${path} ${times}` : `${call} ${path}`;
  };
  const kill = async (request: CaRequest): Promise<void> => {
    const step = stepOf(request);
    killedAt.set(step, (killedAt.get(step) ?? 0) + 1);
    await up?.kill();
  };
  proxy.fault = async (request) => {
    if (done || request.call === 'renewalInfo' || (killedAt.get(stepOf(request)) ?? 0) > 0) return 'none';
    await kill(request);
    return 'cut';
  };
  proxy.after = async (request) => {
    if (done || request.call === 'renewalInfo') return;
    if (killedAt.get(stepOf(request)) === 1) await kill(request);
    asked.set(request.path, (asked.get(request.path) ?? 0) + 1);
  };

  let lives = 0;
  for (let ready = false; !ready; lives++) {
    assert.ok(lives < 80, `it gets nowhere: ${[...killedAt.keys()].join('\n')}`);
    up = startUp(t, world, [...args, '--once', '--timeout', '1m']);
    const code = await up.ended;
    ready = code === 0;
    assert.ok(ready || code === null, up.text());
  }
  done = true;
  t.diagnostic(`${lives} lives, killed at ${killedAt.size} steps`);
  const calls = new Set([...killedAt.keys()].map((step) => step.split(' ')[0]));
  for (const call of ['directory', 'nonce', 'newAccount', 'newOrder', 'authorization', 'challenge', 'order'])
    assert.ok(calls.has(call), `${call} among ${[...calls].join(' ')}`);
  for (const call of ['finalize', 'certificate', 'listOrders']) assert.ok(calls.has(call), call);

  const logged = (pattern: RegExp): number => pebble.log().match(pattern)?.length ?? 0;
  assert.equal(logged(/Added order /gu), 1, 'one order');
  assert.equal(logged(/Issued certificate serial /gu), 1, 'one certificate');
  assert.equal(logged(/There are now \d+ accounts/gu), 1, 'one account');
  assert.match(exported(world, 'web').subjectAltName ?? '', /DNS:\*\.example\.test/u);
  assert.deepEqual(await bind.dig('_acme-challenge.example.test', 'TXT'), []);
  assert.deepEqual(readdirSync(join(www, '.well-known/acme-challenge')), []);
  assert.deepEqual(readdirSync(world.file('data/webroot')), []);
});

function manifestsOf(ca: { directoryUrl: string; caBundle: string }, nameserver: string): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: tsig, namespace: shop }
stringData: { secret: ${key.secret} }
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: pebble, namespace: shop }
spec:
  acme:
    server: ${ca.directoryUrl}
    caBundle: ${Buffer.from(ca.caBundle).toString('base64')}
    privateKeySecretRef: { name: pebble-account }
    solvers:
      - waitInsteadOfSelfCheck: 0s
        selector: { dnsNames: [example.test] }
        http01: { listener: {} }
      - dns01:
          rfc2136:
            nameserver: ${nameserver}
            tsigKeyName: ${key.name}
            tsigAlgorithm: HMACSHA256
            tsigSecretSecretRef: { name: tsig, key: secret }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { namespace: shop, name: web }
spec:
  secretName: web-tls
  issuerRef: { name: pebble }
  privateKey: { algorithm: ECDSA, size: 256 }
  dnsNames: [example.test, '*.example.test']
`;
}
