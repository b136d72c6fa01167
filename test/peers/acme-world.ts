/** What the protocol tests against real CAs share: a client, answering challenges for real, an order from start to chain. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { KeyObject } from 'node:crypto';
import type { AcmeClient, AcmeIdentifier, AcmeOrder, NewOrder } from '../../src/acme/acme-client.ts';
import { dns01Value } from '../../src/acme/challenge-values.ts';
import { createAcmeClient, type AcmeClientOptions, type RoundTrip } from '../../src/acme/create-client.ts';
import { AcmeProblemError } from '../../src/acme/errors.ts';
import { encodePrivateKey, generateKey, type KeyRequest } from '../../src/pki/keys.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificates, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import type { ChallengeServer } from '../../tools/peers/acme/challenge-server.ts';

export interface Account {
  client: AcmeClient;
  pem: string;
  trips: RoundTrip[];
}

/** A client with a fresh key, not registered. */
export async function newClient(
  ca: { directoryUrl: string; caBundle: string },
  change: Partial<AcmeClientOptions> & { key?: KeyRequest } = {},
): Promise<Account> {
  const { key, ...rest } = change;
  const pem = rest.accountKeyPem ?? encodePrivateKey(await generateKey(key ?? { algorithm: 'ECDSA' }));
  const trips: RoundTrip[] = [];
  const client = createAcmeClient({
    directoryUrl: ca.directoryUrl,
    caBundle: ca.caBundle,
    accountKeyPem: pem,
    userAgent: 'certwright/test',
    now: Date.now,
    random: Math.random,
    observe: (trip) => trips.push(trip),
    ...rest,
  });
  return { client, pem, trips };
}

export const dns = (...names: string[]): AcmeIdentifier[] => names.map((value) => ({ type: 'dns', value }));

export interface Issued {
  order: AcmeOrder;
  chain: string;
  certificates: ParsedCertificate[];
  alternates: readonly string[];
  key: KeyObject;
  /** Authorizations that needed no answer. */
  reused: number;
}

/** Orders, answers every challenge of `type` through the challenge server, finalizes and downloads. */
export async function issue(
  client: AcmeClient,
  wish: NewOrder,
  answers: { server: ChallengeServer; type: 'http-01' | 'dns-01' | 'tls-alpn-01' },
): Promise<Issued> {
  const placed = await again(() => client.newOrder(wish));
  const reused = await Promise.all(placed.authorizations.map((url) => authorize(client, url, answers)));
  const ready = await poll(client, placed.url, ['ready']);
  const key = await generateKey({ algorithm: 'ECDSA' });
  const dnsNames = wish.identifiers.filter(({ type }) => type === 'dns').map(({ value }) => value);
  const ipAddresses = wish.identifiers.filter(({ type }) => type === 'ip').map(({ value }) => value);
  await again(() => client.finalize(ready.finalize, createCsr({ dnsNames, ipAddresses }, key)));
  const order = await poll(client, placed.url, ['valid']);
  assert.ok(order.certificate !== undefined);
  const url = order.certificate;
  const { chain, alternates } = await again(() => client.certificate(url));
  const count = reused.filter(Boolean).length;
  return { order, chain, alternates, key, certificates: parseCertificates(chain), reused: count };
}

async function authorize(
  client: AcmeClient,
  url: string,
  { server, type }: { server: ChallengeServer; type: string },
): Promise<boolean> {
  const authorization = await again(() => client.authorization(url));
  if (authorization.status === 'valid') return true;
  const { value } = authorization.identifier;
  const challenge = authorization.challenges.find((one) => one.type === type);
  assert.ok(challenge !== undefined, `${value} has no ${type}`);
  const text = client.keyAuthorization(challenge.token);
  if (type === 'http-01') await server.setHTTP01(challenge.token, text);
  else if (type === 'dns-01') await server.setTXT(`_acme-challenge.${value}`, dns01Value(text));
  else await server.setTLSALPN01(value, text);
  await again(() => client.acceptChallenge(challenge.url));
  for (;;) {
    const { status, challenges } = await again(() => client.authorization(url));
    if (status === 'valid') return false;
    assert.equal(status, 'pending', JSON.stringify(challenges.find((one) => one.type === type)?.error));
    await wait(50);
  }
}

async function poll(client: AcmeClient, url: string, wanted: readonly string[]): Promise<AcmeOrder> {
  for (;;) {
    const order = await again(() => client.order(url));
    if (wanted.includes(order.status)) return order;
    assert.ok(['pending', 'processing', 'ready'].includes(order.status), JSON.stringify(order.error));
    await wait(50);
  }
}

/** What a controller does: a refusal that may pass is met by another try. Bounded. */
export async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AcmeProblemError) || !error.retryable || tries >= 10) throw error;
    }
  }
}
