/** What is really asked of the CA for an Order, and which of its answers are taken. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type {
  AcmeAuthorization,
  AcmeClient,
  AcmeDirectory,
  AcmeOrder,
  NewOrder,
} from '../../acme/acme-client.ts';
import { AcmeCertificateError, AcmeExcessError } from '../../acme/errors.ts';
import type { AcmeIssuer } from '../../api/issuer-acme.ts';
import type { Order, OrderSpec, OrderStatus } from '../../api/order.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { problem } from '../testing/fake-ca.ts';
import { LostOrders } from './lost-orders.ts';
import { judgeFailure } from './ca-failure.ts';
import {
  create,
  fetchAuthorizations,
  fetchCertificate,
  fetchOrder,
  finalize,
  type StepInput,
} from './ca-steps.ts';

const now = Date.parse('2026-11-22T10:00:00.345Z');
const at = 'https://ca.example';
const key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const csr = encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: ['a.example'] }, key));
const remote = (more: Partial<AcmeOrder> = {}): AcmeOrder => ({
  url: `${at}/order/1`,
  status: 'pending',
  identifiers: [],
  authorizations: [`${at}/authz/1`],
  finalize: `${at}/finalize/1`,
  ...more,
});

interface Given {
  spec?: Partial<OrderSpec>;
  status?: OrderStatus;
  acme?: Partial<AcmeIssuer>;
  client: Partial<AcmeClient>;
}

function input({ spec, status = {}, acme, client }: Given): StepInput {
  const order: Order = {
    metadata: { name: 'web-1-1', namespace: 'shop', uid: 'u' },
    spec: {
      request: Buffer.from(csr).toString('base64'),
      issuerRef: { name: 'acme' },
      dnsNames: ['a.example'],
      ...spec,
    },
    status,
  };
  return {
    order,
    issuer: {
      metadata: { name: 'acme', namespace: 'shop' },
      spec: { acme: { server: `${at}/dir`, privateKeySecretRef: { name: 'k' }, ...acme } },
    },
    client: client as AcmeClient,
    budget: undefined,
    lost: new LostOrders(() => false),
    memory: { uid: 'u', proven: 1, polls: 0, failures: 0, ready: true, finalizing: false, pollAtMs: 0 },
    now,
    signal: new AbortController().signal,
  };
}

/** What is ordered for a spec, once for each order that is placed. @param refuse how many are refused with this problem first */
async function ordered(
  spec: Partial<OrderSpec>,
  renewalInfo: boolean,
  refuse: readonly Error[] = [],
): Promise<NewOrder[]> {
  const asked: NewOrder[] = [];
  const refusals = [...refuse];
  const directory = {
    newNonce: at,
    newAccount: at,
    newOrder: at,
    externalAccountRequired: false,
    caaIdentities: [],
  };
  await create(
    input({
      spec,
      client: {
        directory: () =>
          Promise.resolve(renewalInfo ? { ...directory, renewalInfo: `${at}/ari` } : directory),
        newOrder: (ask) => {
          asked.push(ask);
          const refusal = refusals.shift();
          return refusal === undefined ? Promise.resolve(remote()) : Promise.reject(refusal);
        },
      },
    }),
  );
  return asked;
}

const plain = { identifiers: [{ type: 'dns', value: 'a.example' }] };

test('lifetime and profile are ordered as the Order says', async () => {
  assert.deepEqual(await ordered({}, true), [plain]);
  assert.deepEqual(await ordered({ duration: '48h0m0s', profile: 'shortlived' }, true), [
    { ...plain, notAfter: now + 48 * 3_600_000, profile: 'shortlived' },
  ]);
});

test('names are ordered sorted, each once; a common name only where it is a plain name or an address', async () => {
  const identifiers = async (spec: Partial<OrderSpec>): Promise<string[]> =>
    (await ordered(spec, true))[0]!.identifiers.map(({ type, value }) => `${type} ${value}`);
  assert.deepEqual(
    await identifiers({
      dnsNames: ['b.example', '*.a.example', 'b.example', 'a.example'],
      ipAddresses: ['2001:db8::2', '192.0.2.1', '192.0.2.1'],
    }),
    ['dns *.a.example', 'dns a.example', 'dns b.example', 'ip 192.0.2.1', 'ip 2001:db8::2'],
  );
  assert.deepEqual(await identifiers({ commonName: 'www.a.example' }), [
    'dns a.example',
    'dns www.a.example',
  ]);
  assert.deepEqual(await identifiers({ commonName: '192.0.2.7' }), ['dns a.example', 'ip 192.0.2.7']);
  for (const commonName of ['*.b.example', 'host', 'Our web site'])
    assert.deepEqual(await identifiers({ commonName }), ['dns a.example'], commonName);
});

test('what it replaces is told to those who speak of renewal, and left out when they will not hear of it', async () => {
  const spec = { replaces: 'aki.serial' };
  assert.deepEqual(await ordered(spec, false), [plain]);
  assert.deepEqual(await ordered(spec, true), [{ ...plain, ...spec }]);
  for (const refusal of [
    problem(409, 'alreadyReplaced', 'by another order'),
    // Boulder, of a certificate of another CA (staging's, say) and of another account; Pebble, of one that it forgot.
    problem(400, 'malformed', 'parsing ARI CertID failed'),
    problem(403, 'unauthorized', 'requester account did not request the certificate'),
    problem(404, 'notFound', 'could not find an order'),
  ])
    assert.deepEqual(await ordered(spec, true, [refusal]), [{ ...plain, ...spec }, plain]);
  const bad = problem(400, 'malformed', 'bad names');
  await assert.rejects(ordered(spec, true, [bad, bad]), /bad names/u);
  for (const [status, type] of [
    [429, 'rateLimited'],
    [400, 'rejectedIdentifier'],
    [400, 'accountDoesNotExist'],
    [500, 'serverInternal'],
  ] as const)
    await assert.rejects(ordered(spec, true, [problem(status, type, 'no')]), /no/u, type);
  await assert.rejects(ordered({}, true, [problem(409, 'alreadyReplaced', 'what?')]), /what\?/u);
});

test('a CA that asks for proof of what was not ordered gets none', async () => {
  const answer = (value: string): AcmeAuthorization => ({
    url: `${at}/authz/1`,
    identifier: { type: 'dns', value },
    status: 'pending',
    wildcard: false,
    challenges: [],
  });
  const fetched = async (value: string) =>
    (
      await fetchAuthorizations(
        input({
          status: { authorizations: [{ url: `${at}/authz/1` }] },
          client: { authorization: () => Promise.resolve(answer(value)) },
        }),
        [`${at}/authz/1`],
      )
    ).status;
  assert.equal((await fetched('A.example')).authorizations?.[0]?.identifier, 'A.example');
  const { state, reason } = await fetched('bank.example');
  assert.equal(state, 'errored');
  assert.match(reason ?? '', /"bank\.example", which was not ordered/u);
});

test('a CA that asks for more authorizations than there are names is not followed', async () => {
  const urls = Array.from({ length: 2000 }, (_, index) => `${at}/authz/${index}`);
  const answer = remote({ authorizations: urls });
  const tells = (error: unknown): boolean => {
    assert.ok(error instanceof AcmeExcessError, String(error));
    assert.match(error.message, /2000 authorizations in an order of 1 name .*another issuer/u);
    const { kind, problem: type } = judgeFailure('', error);
    assert.deepEqual([kind, type], ['errored', 'about:blank']);
    return true;
  };
  const directory = { newNonce: at, newAccount: at, newOrder: at } as AcmeDirectory;
  const newOrder: AcmeClient['newOrder'] = () => Promise.resolve(answer);
  await assert.rejects(
    create(input({ client: { directory: () => Promise.resolve(directory), newOrder } })),
    tells,
  );
  const order: AcmeClient['order'] = () => Promise.resolve(answer);
  await assert.rejects(fetchOrder(input({ status: { url: `${at}/order/1` }, client: { order } })), tells);
  // Two for one name may be what it takes: a wildcard beside its base has its own.
  const two = remote({ authorizations: urls.slice(0, 2) });
  const both = { dnsNames: ['a.example', '*.a.example'] };
  const { status } = await fetchOrder(
    input({ spec: both, status: { url: at }, client: { order: () => Promise.resolve(two) } }),
  );
  assert.equal(status.authorizations?.length, 2);
});

test('authorizations that no object of the API holds end the order before it is written', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `n${index}.example`);
  const authorizations = names.map((name) => ({ url: `${at}/authz/${name}` }));
  const answer = (url: string, length: number): AcmeAuthorization => ({
    url,
    identifier: { type: 'dns', value: url.replace(`${at}/authz/`, '') },
    status: 'pending',
    wildcard: false,
    challenges: Array.from({ length }, (_, index) => ({
      url: `${at}/${'x'.repeat(1900)}/${index}`,
      token: 't'.repeat(43),
      type: 'http-01',
      status: 'pending',
    })),
  });
  const fetched = (length: number) =>
    fetchAuthorizations(
      input({
        spec: { dnsNames: names },
        status: { authorizations },
        client: { authorization: (url) => Promise.resolve(answer(url, length)) },
      }),
      authorizations.map(({ url }) => url),
    );
  assert.equal((await fetched(4)).status.authorizations?.length, 100);
  await assert.rejects(
    fetched(6),
    (error) => error instanceof AcmeExcessError && /1187 KiB.*fewer names/u.test(error.message),
  );
});

test('an order that was finalized before is not finalized again, and its certificate is fetched', async () => {
  const chain = await chainOf('Root A');
  const run = (order: AcmeOrder) =>
    finalize(
      input({
        status: { url: `${at}/order/1`, finalizeURL: `${at}/finalize/1`, state: 'ready' },
        client: {
          finalize: () => Promise.reject(problem(403, 'orderNotReady', 'it is valid')),
          order: () => Promise.resolve(order),
          certificate: () => Promise.resolve({ chain, alternates: [] }),
        },
      }),
    );
  const { status } = await run(remote({ status: 'valid', certificate: `${at}/cert/1` }));
  assert.equal(status.state, 'valid');
  assert.equal(Buffer.from(status.certificate ?? '', 'base64').toString(), chain);
  assert.equal((await run(remote({ status: 'processing' }))).status.state, 'processing');
  await assert.rejects(run(remote({ status: 'ready' })), /orderNotReady/u);
});

test('the chain is the first that ends at the preferred name, exactly, else the default', async () => {
  const chains: Record<string, string> = {
    [`${at}/cert/1`]: await chainOf('Root A'),
    [`${at}/cert/1/1`]: await chainOf('Root B'),
    [`${at}/cert/1/2`]: await chainOf('Root C'),
  };
  const [first, ...alternates] = Object.keys(chains);
  const taken = async (preferredChain?: string): Promise<[string, number]> => {
    const fetched: string[] = [];
    const { status } = await fetchCertificate(
      input({
        status: { url: `${at}/order/1` },
        ...(preferredChain === undefined ? {} : { acme: { preferredChain } }),
        client: {
          order: () => Promise.resolve(remote({ status: 'valid', certificate: first })),
          certificate: (url) => {
            fetched.push(url);
            return Promise.resolve({ chain: chains[url]!, alternates });
          },
        },
      }),
    );
    const chain = Buffer.from(status.certificate ?? '', 'base64').toString();
    return [Object.keys(chains).find((url) => chains[url] === chain) ?? '', fetched.length];
  };
  assert.deepEqual(await taken(), [first, 1]);
  assert.deepEqual(await taken('Root A'), [first, 1]);
  assert.deepEqual(await taken('Root B'), [alternates[0], 2]);
  assert.deepEqual(await taken('Root C'), [alternates[1], 3]);
  for (const other of ['root b', 'Root', 'Root D']) assert.deepEqual(await taken(other), [first, 3], other);
});

test('a certificate that was issued is not lost over a chain that cannot be had', async () => {
  const chains: Record<string, string> = { [`${at}/cert/1`]: await chainOf('Root A') };
  const taken = async (failure: Error, failures: number): Promise<string> => {
    const given = input({
      status: { url: `${at}/order/1` },
      acme: { preferredChain: 'Root B' },
      client: {
        order: () => Promise.resolve(remote({ status: 'valid', certificate: `${at}/cert/1` })),
        certificate: (url) =>
          chains[url] === undefined
            ? Promise.reject(failure)
            : Promise.resolve({ chain: chains[url], alternates: [`${at}/cert/1/1`] }),
      },
    });
    given.memory.failures = failures;
    const { status } = await fetchCertificate(given);
    return Buffer.from(status.certificate ?? '', 'base64').toString();
  };
  const [first] = Object.values(chains);
  assert.equal(await taken(problem(404, 'malformed', 'no such chain'), 0), first);
  assert.equal(await taken(new AcmeCertificateError('not PEM'), 0), first);
  // What passes is waited for, and not for ever.
  const busy = problem(503, 'serverInternal', 'busy');
  await assert.rejects(taken(busy, 0), busy);
  assert.equal(await taken(busy, 4), first);
});

/** PEM of a leaf and of what a root of that name has signed. */
async function chainOf(root: string): Promise<string> {
  const names = [{ dnsNames: ['a.example'] }, { commonName: root, isCA: true }];
  const ders = await Promise.all(
    names.map((name) =>
      certificateFromRequest(
        { csr: parseCsr(createCsr(name, key)), now, isCA: 'isCA' in name },
        createSigner(key),
      ),
    ),
  );
  return ders.map((der) => encodePem('CERTIFICATE', der)).join('');
}
