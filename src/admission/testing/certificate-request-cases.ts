/** CertificateRequests and what is to be said of them: creation, and what may change later. */
import { generateKey } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { createCsr, type CsrTemplate } from '../../pki/x509/create-csr.ts';
import { creations, type AdmissionCase } from './admission-case.ts';

const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
const template: CsrTemplate = { commonName: 'web', dnsNames: ['example.com'] };
const derOf = (change: CsrTemplate = {}) => createCsr({ ...template, ...change }, key);
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const csr = (change: CsrTemplate = {}) => base64(encodePem('CERTIFICATE REQUEST', derOf(change)));
const plain = csr({ encodeUsages: false });

const tampered = derOf({ encodeUsages: false });
tampered[tampered.length - 1]! ^= 1;

export const requestBase = { issuerRef: { name: 'ca' }, request: csr() };

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

export const requestCases: AdmissionCase[] = creations(
  'CertificateRequest',
  'certificate request: creation',
  cases.map(([title, change, expected]) => [title, { ...requestBase, ...change }, expected] as const),
);

const before = {
  metadata: { annotations: { 'cert-manager.io/certificate-name': 'web', note: 'a' } },
  spec: { ...requestBase, duration: '2160h', username: 'ann', groups: ['b', 'a'] },
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

export const requestUpdateCases: AdmissionCase[] = updates.map(([title, object, expected]) => ({
  group: 'certificate request: updates',
  title,
  kind: 'CertificateRequest',
  object,
  oldObject: before,
  expected,
}));
