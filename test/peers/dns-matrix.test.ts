/**
 * Every kind of certificate by every challenge that can prove it, with Pebble as it comes and at its worst, at once: on the
 * embedded server here, on a real kube-apiserver in the cluster lane.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { createAcmeClient } from '../../src/acme/create-client.ts';
import { renewalCertIdOf } from '../../src/acme/renewal-cert-id.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import { certificates, secrets } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import { ConflictError } from '../../src/kube/errors.ts';
import type { ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { startPebble, type Pebble, type PebbleOptions } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { startBind, type Bind } from '../../tools/peers/bind/bind.ts';
import { AcmeServerWorld, httpListener, isReady, namespace, tlsListener } from './acme-server-world.ts';
import { lookAtNames, matrixCases, methods, profileValidity } from './dns-matrix-cases.ts';

const tsig = { name: 'certwright', algorithm: 'hmac-sha512', secret: Buffer.alloc(64, 7).toString('base64') };
const eab = { required: true, keys: { kid1: Buffer.alloc(32, 7).toString('base64url') } };
const shared: PebbleOptions = {
  alternateRoots: 1,
  profiles: {
    default: { description: 'as ever', validityPeriod: 7_776_000 },
    week: { description: 'seven days', validityPeriod: profileValidity },
  },
};
/** Pebble sleeps up to 15 s before each validation in both. */
const moods: Readonly<Record<string, PebbleOptions>> = {
  default: shared,
  worst: { ...shared, nonceReject: 50, authorizationReuse: 100, sleepSeconds: 15 },
};

let world: AcmeServerWorld;
let bind: Bind;
const pebbles = new Map<string, Pebble>();
const pebbleOf = (mood: string, issuer: string): Pebble =>
  pebbles.get(issuer === 'bound' ? `${mood}-bound` : mood)!;

const solvers = (): Solver[] => [
  { ...httpListener, selector: { dnsZones: ['http.test'] } },
  { ...tlsListener, selector: { dnsZones: ['tls.test'] } },
  { dnsPersist01: {}, selector: { dnsZones: ['persist.test'] } },
  {
    selector: { dnsZones: ['dns.test'] },
    dns01: {
      rfc2136: {
        nameserver: bind.server,
        tsigKeyName: tsig.name,
        tsigAlgorithm: 'HMACSHA512',
        tsigSecretSecretRef: { name: 'tsig', key: 'secret' },
      },
    },
  },
  // Addresses are in no zone.
  httpListener,
];

before(async () => {
  const [httpPort = 0, tlsPort = 0] = await freePorts(2);
  const addresses = ['* A 127.0.0.1'];
  bind = await startBind({
    keys: [tsig],
    zones: [
      { name: '.' },
      { name: 'http.test', records: addresses },
      { name: 'tls.test', records: addresses },
      { name: 'dns.test', allowUpdate: [tsig.name] },
      { name: 'persist.test', allowUpdate: ['any'] },
    ],
  });
  world = await AcmeServerWorld.start({
    settings: {
      // As many as there are names here: Pebble's sleeps are waited for once, and not in turns.
      maxConcurrentChallenges: 1000,
      responder: {
        http01: { host: '127.0.0.1', port: httpPort },
        tlsAlpn01: { host: '127.0.0.1', port: tlsPort },
      },
      // Authoritative servers would be asked at port 53, which is not BIND's here.
      dns: { recursiveNameservers: [bind.server], recursiveNameserversOnly: true, programs: {} },
    },
  });
  world.with(bind);
  await world.secret('tsig', { secret: tsig.secret });
  await world.secret('eab', { hmac: eab.keys.kid1 });
  await Promise.all(
    Object.entries(moods).map(([mood, options]) => openMood(mood, options, httpPort, tlsPort)),
  );
});
after(() => world[Symbol.asyncDispose]());

/** Two CAs, their issuers, and the records that let their accounts have what is below `persist.test`. */
async function openMood(
  mood: string,
  options: PebbleOptions,
  httpPort: number,
  tlsPort: number,
): Promise<void> {
  const all = { ...options, httpPort, tlsPort, dnsServer: bind.server };
  const plain = world.with(await startPebble(all));
  const bound = world.with(await startPebble({ ...all, externalAccounts: eab }));
  pebbles.set(mood, plain).set(`${mood}-bound`, bound);
  const other = /CN=([^\n]*)/u.exec(new X509Certificate(await plain.root(1)).subject)?.[1];
  const issuers = {
    plain: {},
    tls: { solvers: [tlsListener] },
    profile: { profile: 'week' },
    alternate: { preferredChain: other },
  };
  for (const [name, more] of Object.entries(issuers))
    await world.issuer(`${mood}-${name}`, plain, { solvers: solvers(), ...more });
  const keySecretRef = { name: 'eab', key: 'hmac' };
  const externalAccountBinding = { keyID: 'kid1', keySecretRef };
  await world.issuer(`${mood}-bound`, bound, { solvers: solvers(), externalAccountBinding });
  const records = ['plain', 'profile', 'alternate', 'bound'].map(async (name) => {
    const uri = await world.accountUrl(`${mood}-${name}`);
    return `update add *.${mood}.persist.test. 60 TXT "pebble.letsencrypt.org; accounturi=${uri}; policy=wildcard"`;
  });
  await bind.update(...(await Promise.all(records)));
}

async function revokeAndReplace(mood: string, name: string, [leaf]: ParsedCertificate[]): Promise<void> {
  assert.ok(leaf !== undefined);
  const pebble = pebbleOf(mood, 'plain');
  const key = await world.client.get<Secret>(secrets, {
    namespace: 'system',
    name: `${mood}-plain-account`,
  });
  const account = createAcmeClient({
    directoryUrl: pebble.directoryUrl,
    accountKeyPem: Buffer.from(key.data?.['tls.key'] ?? '', 'base64').toString('utf8'),
    caBundle: pebble.caBundle,
    userAgent: 'test',
    now: Date.now,
    random: Math.random,
  });
  await account.revoke(leaf.der, 1);
  await account.close();
  // Pebble's own window for it lies before it began to be valid; other CAs backdate it.
  const began = leaf.notBefore.getTime();
  await pebble.setRenewalWindow(leaf.pem, new Date(began + 1000), new Date(began + 2000));
  for (let asked = false; !asked;) {
    const certificate = await world.read(name);
    const ari = { ...certificate.status?.acme?.ari, nextCheck: '2020-01-01T00:00:00Z' };
    const status = { ...certificate.status, acme: { ari } };
    try {
      const write = { fieldManager: 'test', subresource: 'status' } as const;
      await world.client.update<Certificate>(certificates, { ...certificate, status }, write);
      asked = true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  await world.until(
    `${name} is replaced`,
    60,
    async () => {
      const certificate = await world.read(name);
      return certificate.status?.revision === 2 && isReady(certificate);
    },
    name,
  );
  const [next] = await world.chain(name);
  assert.notEqual(next?.serialHex, leaf.serialHex);
  const orders = await world.orders(name);
  assert.ok(orders.some(({ spec }) => spec.replaces === renewalCertIdOf(leaf)));
}

suite('every kind of certificate by every challenge', { concurrency: true }, () => {
  for (const mood of Object.keys(moods))
    for (const method of methods)
      for (const { name, issuer, methods: possible, wish, look } of matrixCases) {
        if (!possible.includes(method)) continue;
        test(`Pebble ${mood}: ${name} by ${method}`, async () => {
          const certificate = `${name}-${mood}-${method}`;
          const wanted = wish(`${name}.${mood}.${method}.test`);
          const kind = wanted.ipAddresses !== undefined && method === 'tls' ? 'tls' : issuer;
          await world.certificate(certificate, `${mood}-${kind}`, wanted);
          const chain = await world.chain(certificate);
          lookAtNames(wanted, chain);
          await look?.(chain, pebbleOf(mood, issuer));
          assert.equal((await world.orders(certificate)).length, 1);
          await world.until(
            `${certificate} has a window of the CA`,
            60,
            async () => (await world.read(certificate)).status?.acme?.ari?.suggestedWindow !== undefined,
          );
          if (name === 'revoked') await revokeAndReplace(mood, certificate, chain);
        });
      }
});

test('nothing is left: no Challenge, and no record that was not there before', async () => {
  await world.until('all Challenges are gone', 60, async () => (await world.challenges()).length === 0);
  const everything = await bind.dig('dns.test', 'AXFR');
  assert.deepEqual(
    everything.filter((line) => line.includes('TXT')),
    [],
  );
  assert.deepEqual(world.problems, []);
  const { items } = await world.client.list<Certificate>(certificates, { namespace });
  assert.deepEqual(
    items.filter(({ status }) => status?.failedIssuanceAttempts !== undefined),
    [],
  );
});
