import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey } from '../pki/keys.ts';
import { encodePem } from '../pki/pem.ts';
import { createCsr, type CsrTemplate } from '../pki/x509/create-csr.ts';
import { beginAs, refusals, refusalsOf, review, user } from './sample-review.ts';

const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
const template: CsrTemplate = { commonName: 'web', dnsNames: ['example.com'] };
const derOf = (change: CsrTemplate = {}) => createCsr({ ...template, ...change }, key);
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const csr = (change: CsrTemplate = {}) => base64(encodePem('CERTIFICATE REQUEST', derOf(change)));
const plain = csr({ encodeUsages: false });

const tampered = derOf({ encodeUsages: false });
tampered[tampered.length - 1]! ^= 1;

const base = { issuerRef: { name: 'ca' }, request: csr() };

const cases: [string, object, string[]][] = [
  ['defaults on both sides', {}, []],
  ['usages in the spec only', { request: plain, usages: ['server auth'] }, []],
  [
    'equal usages',
    { request: csr({ usages: ['client auth', 'server auth'] }), usages: ['client auth', 'server auth'] },
    [],
  ],
  [
    'aliases',
    { request: csr({ usages: ['signing', 's/mime'] }), usages: ['digital signature', 'email protection'] },
    [],
  ],
  [
    'extended usages in another order',
    { request: csr({ usages: ['client auth', 'server auth'] }), usages: ['server auth', 'client auth'] },
    ['spec.request: Invalid value: "-----BEGIN CERTIFICATE REQUEST-----'],
  ],
  ['usages in the CSR only', { request: csr({ usages: ['cert sign'] }) }, ['spec.request: Invalid value: ']],
  ['CA on both sides', { request: csr({ isCA: true, basicConstraints: true }), isCA: true }, []],
  [
    'CA in the CSR only',
    { request: csr({ isCA: true, basicConstraints: true }) },
    ['spec.request: Invalid value: '],
  ],
  ['CA in the spec only, with usages', { isCA: true }, ['spec.request: Invalid value: ']],
  ['CA in the spec only, without', { request: plain, isCA: true }, []],
  ['no request', { request: undefined }, ['spec.request: Required value: ']],
  ['no PEM', { request: base64('hello') }, ['spec.request: Invalid value: "hello": ']],
  ['DER', { request: base64(derOf()) }, ['spec.request: Invalid value: ']],
  [
    'another block',
    { request: base64(encodePem('CERTIFICATE', derOf())) },
    ['spec.request: Invalid value: '],
  ],
  [
    'a broken signature',
    { request: base64(encodePem('CERTIFICATE REQUEST', tampered)) },
    ['spec.request: Invalid value: "-----BEGIN CERTIFICATE REQUEST-----'],
  ],
  [
    'a bomb',
    { request: base64(`-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(40_000)}`) },
    ['spec.request: Invalid value: '],
  ],
  ['no issuer', { issuerRef: {} }, ['spec.issuerRef.name: Required value: ']],
  ['a foreign kind', { issuerRef: { name: 'a', kind: 'X' } }, ['spec.issuerRef.kind: Invalid value: "X": ']],
  [
    'unknown usages',
    { usages: ['any', 'a', 'b'] },
    ['spec.usages: Invalid value: ["any","a","b"]: unknown key usages: [a b]'],
  ],
  ['a short duration is the business of the signer', { duration: '1s' }, []],
  ['no duration', { duration: '1d' }, ['spec.duration: Invalid value: "1d": ']],
];

describe('certificate request: creation', () => {
  for (const [title, change, expected] of cases) {
    test(title, async () => {
      const found = await refusalsOf('CertificateRequest', { ...base, ...change });
      assert.ok(beginAs(found, expected), found.join('\n'));
    });
  }

  test('the value shown is cut after 97 characters', async () => {
    const [found = ''] = await refusalsOf('CertificateRequest', { ...base, isCA: true });
    assert.match(
      found,
      /^spec\.request: Invalid value: "-----BEGIN CERTIFICATE REQUEST-----\\n[^"]{61}\.\.\.": encoded CSR error: the KeyUsages \[ 'digital signature', 'key encipherment' \] do not match the expected KeyUsages \[ 'digital signature', 'key encipherment', 'cert sign' \]/,
    );
  });
});

describe('certificate request: identity', () => {
  test('is that of the requester, whatever the object says', async () => {
    const claimed = { ...base, username: 'root', uid: '0', groups: ['system:masters'], extra: { a: ['b'] } };
    const object = { spec: claimed };
    const answer = await review({ kind: 'CertificateRequest', object });
    assert.ok(answer.allowed);
    assert.deepEqual((answer.object as { spec?: unknown }).spec, {
      ...base,
      username: 'ann',
      uid: 'u-1',
      groups: ['dev', 'system:authenticated'],
    });
    assert.deepEqual(object.spec, claimed);
  });

  test('has the extra attributes of the requester', async () => {
    const extra = { 'example.com/scope': ['a', 'b'] };
    const answer = await review({
      kind: 'CertificateRequest',
      object: { spec: base },
      user: { ...user, extra },
    });
    assert.deepEqual((answer.object as { spec?: { extra?: unknown } }).spec?.extra, extra);
  });

  for (const [field, value] of Object.entries({
    username: 'eve',
    uid: 'u-2',
    groups: ['dev'],
    extra: { a: ['b'] },
  })) {
    test(`${field} cannot change later`, async () => {
      const before = { spec: { ...base, username: 'ann', uid: 'u-1', groups: ['dev', 'ops'], extra: {} } };
      const after = { spec: { ...before.spec, [field]: value } };
      const found = await refusals({ kind: 'CertificateRequest', object: after, oldObject: before });
      assert.ok(
        beginAs(found, [
          `spec.${field}: Forbidden: ${field} identity cannot be changed once set`,
          'spec: Forbidden: ',
        ]),
      );
    });
  }
});

describe('certificate request: updates', () => {
  const before = {
    metadata: { annotations: { 'cert-manager.io/certificate-name': 'web', note: 'a' } },
    spec: { ...base, duration: '2160h', username: 'ann', groups: ['b', 'a'] },
  };
  const annotated = (annotations: object) => ({ ...before, metadata: { annotations } });
  const changed = (spec: object) => ({ ...before, spec: { ...before.spec, ...spec } });
  const updates: [string, object, string[]][] = [
    ['nothing', before, []],
    [
      'what a typed client writes back',
      changed({ duration: '2160h0m0s', isCA: false, usages: [], uid: '' }),
      [],
    ],
    ['another duration', changed({ duration: '24h' }), ['spec: Forbidden: ']],
    ['another request', changed({ request: plain }), ['spec: Forbidden: ']],
    ['another issuer', changed({ issuerRef: { name: 'b' } }), ['spec: Forbidden: ']],
    ['other annotations', annotated({ ...before.metadata.annotations, note: 'b', more: 'c' }), []],
    [
      'ours changed',
      annotated({ 'cert-manager.io/certificate-name': 'x' }),
      ['metadata.annotations.cert-manager.io/certificate-name: Forbidden: '],
    ],
    ['ours removed', annotated({}), ['metadata.annotations.cert-manager.io/certificate-name: Forbidden: ']],
    [
      'ours added',
      annotated({ ...before.metadata.annotations, 'acme.cert-manager.io/x': '', 'cert-manager.iox': 'y' }),
      [
        'metadata.annotations.acme.cert-manager.io/x: Forbidden: ',
        'metadata.annotations.cert-manager.iox: Forbidden: ',
      ],
    ],
    [
      'the pickup id of Venafi',
      annotated({ ...before.metadata.annotations, 'venafi.cert-manager.io/pickup-id': '7' }),
      [],
    ],
  ];
  for (const [title, object, expected] of updates) {
    test(title, async () => {
      const found = await refusals({ kind: 'CertificateRequest', object, oldObject: before });
      assert.ok(beginAs(found, expected), found.join('\n'));
    });
  }
});
