import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Order } from '../../api/order.ts';
import { encodePem } from '../../pki/pem.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import type { AnyIssuer, SigningRequest } from '../issuer.ts';
import { base64, newKey } from '../testing/issuer-world.ts';
import { orderFor, orderName, orderSpecFor } from './new-order.ts';

const fixtures = new URL('../../../../shared/fixtures/cert-manager-1.21-acme/', import.meta.url);
const key = newKey();

function ask(
  names: Parameters<typeof createCsr>[0],
  change: {
    acme?: object;
    spec?: object;
    metadata?: CertificateRequest['metadata'];
    kubernetes?: true;
    replaces?: string;
  } = {},
) {
  const csr = createCsr(names, key);
  const request: SigningRequest = {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'u', ...change.metadata },
    spec: {
      issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
      request: base64(encodePem('CERTIFICATE REQUEST', csr)),
      ...change.spec,
    },
    ...(change.kubernetes === true ? { kubernetes: true } : {}),
  };
  const issuer = {
    metadata: { name: 'acme' },
    spec: { acme: { server: 'https://ca.example', privateKeySecretRef: { name: 'k' }, ...change.acme } },
  } as AnyIssuer;
  return { request, result: orderSpecFor(issuer, request, parseCsr(csr), change.replaces) };
}

function specOf(...args: Parameters<typeof ask>) {
  const { request, result } = ask(...args);
  assert.ok(result.ok, JSON.stringify(result));
  return { request, spec: result.spec };
}

test('Orders are those that cert-manager makes of the same requests', (t) => {
  if (!existsSync(fixtures)) {
    t.diagnostic('left out: ../shared/fixtures is not there');
    return;
  }
  const read = <T>(file: string): T[] =>
    (JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as { items: T[] }).items;
  const requests = read<CertificateRequest>('certificaterequests.json');
  const issuers = new Map(
    read<AnyIssuer>('clusterissuers.json').map((issuer) => [issuer.metadata?.name ?? '', issuer]),
  );
  let compared = 0;
  for (const order of read<Order>('orders.json')) {
    const owner = order.metadata?.ownerReferences?.[0]?.uid;
    const request = requests.find(({ metadata }) => metadata?.uid === owner);
    assert.ok(request !== undefined);
    const issuer = issuers.get(request.spec.issuerRef.name)!;
    const csr = parseCsr(Buffer.from(request.spec.request, 'base64'));
    const asked = orderSpecFor(issuer, request, csr);
    assert.ok(asked.ok);
    const ours = orderFor(request, asked.spec, 'shop');
    assert.deepEqual(ours.spec, order.spec);
    assert.equal(ours.metadata?.name, order.metadata?.name);
    assert.deepEqual(ours.metadata?.ownerReferences, order.metadata?.ownerReferences);
    assert.deepEqual(ours.metadata?.labels, order.metadata?.labels);
    assert.deepEqual(ours.metadata?.annotations, order.metadata?.annotations);
    compared++;
  }
  assert.ok(compared >= 3);
});

test('what is ordered: names of the CSR, and what the issuer adds', () => {
  const names = { commonName: 'a.example', dnsNames: ['b.example', 'a.example'], ipAddresses: ['192.0.2.1'] };
  const spec = { duration: '2160h' };
  const plain = specOf(names, { spec });
  assert.deepEqual(
    { ...plain.spec, request: undefined },
    {
      request: undefined,
      issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
      commonName: 'a.example',
      dnsNames: ['b.example', 'a.example'],
      ipAddresses: ['192.0.2.1'],
    },
  );
  const acme = { enableDurationFeature: true, profile: 'shortlived' };
  const full = specOf(names, { spec, acme, replaces: 'a.b' }).spec;
  assert.deepEqual([full.duration, full.profile, full.replaces], ['2160h0m0s', 'shortlived', 'a.b']);
});

test('a Certificate may ask for a profile of its own; a CertificateSigningRequest may not', () => {
  const annotations = { 'certwright.dev/acme-profile': 'tlsserver' };
  const change = { acme: { profile: 'classic' }, metadata: { annotations } };
  assert.equal(specOf({ dnsNames: ['a.example'] }, change).spec.profile, 'tlsserver');
  const kubernetes = specOf({ dnsNames: ['a.example'] }, { ...change, kubernetes: true, replaces: 'x.y' });
  assert.equal(kubernetes.spec.profile, undefined);
  assert.equal(kubernetes.spec.replaces, undefined);
  assert.deepEqual(kubernetes.spec.issuerRef, {
    name: 'acme',
    kind: 'ClusterIssuer',
    group: 'cert-manager.io',
  });
});

test('what cannot be ordered is refused with the reason that dashboards know', () => {
  const missing = ask({ commonName: 'x.example', dnsNames: ['a.example'] }).result;
  assert.ok(!missing.ok && missing.reason === 'InvalidOrder');
  assert.match(missing.message, /"x\.example" does not exist in \[a\.example\] or \[\]$/u);
  const address = ask({ commonName: '192.0.2.1', ipAddresses: ['192.0.2.1'] }).result;
  assert.ok(address.ok, 'an address is as good as a name');
  const spelled = ask({ commonName: 'A.example', dnsNames: ['a.example'] }).result;
  assert.ok(!spelled.ok && spelled.reason === 'InvalidOrder', 'letter by letter');
  const nothing = ask({ emailAddresses: ['me@a.example'] }).result;
  assert.ok(!nothing.ok && nothing.reason === 'InvalidOrder');
  const duration = ask(
    { dnsNames: ['a.example'] },
    { spec: { duration: 'soon' }, acme: { enableDurationFeature: true } },
  ).result;
  assert.ok(!duration.ok && duration.reason === 'OrderBuildingError');
  const profile = ask({ dnsNames: ['a.example'] }, { acme: { profile: 'p'.repeat(65) } }).result;
  assert.ok(!profile.ok && profile.reason === 'OrderBuildingError');
});

test('the name of an Order changes with all that is ordered, and not with the key', () => {
  const name = (...args: Parameters<typeof ask>): string => {
    const { request, spec } = specOf(...args);
    return orderName(request, spec);
  };
  const dnsNames = ['a.example'];
  const plain = name({ dnsNames });
  assert.equal(name({ dnsNames }), plain);
  const others = [
    name({ dnsNames: ['b.example'] }),
    name({ dnsNames }, { acme: { profile: 'p' } }),
    name({ dnsNames }, { replaces: 'a.b' }),
    name({ dnsNames, ipAddresses: ['192.0.2.1'] }),
  ];
  assert.equal(new Set([plain, ...others]).size, 5);
  // 52 characters and more: the name of the request is hashed too, as its end is cut off.
  const long = 'x'.repeat(51);
  const one = name({ dnsNames }, { metadata: { name: `${long}a1` } });
  const other = name({ dnsNames }, { metadata: { name: `${long}a2` } });
  assert.notEqual(one, other);
  assert.match(one, /^x{51}a-\d+$/u);
  assert.match(name({ dnsNames }, { metadata: { name: `${'y'.repeat(50)}--z` } }), /^y{50}-\d+$/u);
  const kubernetes = name({ dnsNames }, { metadata: { name: `${long}a1` }, kubernetes: true });
  assert.notEqual(kubernetes, one);
});
