/** Certificates and what is to be said of them: the Secret. */
import { creations, type AdmissionCase } from './admission-case.ts';
import { certificateBase } from './certificate-cases.ts';

const annotations = (map: object) => ({ secretTemplate: { annotations: map } });
const labels = (map: object) => ({ secretTemplate: { labels: map } });
const jks = (settings: object) => ({ keystores: { jks: { create: true, ...settings } } });
const pkcs12 = (settings: object) => ({ keystores: { pkcs12: { create: false, ...settings } } });
const reference = { passwordSecretRef: { name: 'pw', key: 'password' } };

const cases: [string, object, string[]][] = [
  ['plain labels', labels({ app: 'web', 'example.com/tier': 'front.end_1', 'cert-manager.io/x': '' }), []],
  ['a key with spaces', labels({ 'a b': 'x' }), ['spec.secretTemplate.labels: Invalid value: "a b": ']],
  ['an empty key', labels({ '': 'x' }), ['spec.secretTemplate.labels: Invalid value: "": ']],
  ['an empty prefix', labels({ '/a': 'x' }), ['spec.secretTemplate.labels: Invalid value: "/a": ']],
  ['a bad prefix', labels({ 'A_/a': 'x' }), ['spec.secretTemplate.labels: Invalid value: "A_/a": ']],
  ['two slashes', labels({ 'a/b/c': 'x' }), ['spec.secretTemplate.labels: Invalid value: "a/b/c": ']],
  ['an empty name', labels({ 'a/': 'x' }), ['spec.secretTemplate.labels: Invalid value: "a/": ']],
  ['a long name', labels({ ['x'.repeat(64)]: 'x' }), ['spec.secretTemplate.labels: Invalid value: "xxx']],
  ['a bad value', labels({ a: '-x' }), ['spec.secretTemplate.labels: Invalid value: "-x": ']],
  ['a long value', labels({ a: 'x'.repeat(64) }), ['spec.secretTemplate.labels: Invalid value: "xxx']],
  ['plain annotations', annotations({ 'Example.com/Note': 'any text: ü\n' }), []],
  ['direct injection', annotations({ 'cert-manager.io/allow-direct-injection': 'true' }), []],
  [
    'reserved annotations',
    annotations({ 'cert-manager.io/issuer-name': 'x' }),
    [
      'spec.secretTemplate.annotations: Invalid value: "cert-manager.io/issuer-name": cert-manager.io/* annotations',
    ],
  ],
  ['other groups', annotations({ 'acme.cert-manager.io/x': 'y' }), []],
  ['a bad key', annotations({ 'a b': 'x' }), ['spec.secretTemplate.annotations: Invalid value: "a b": ']],
  ['256 KiB', annotations({ a: 'x'.repeat(262_143) }), []],
  ['more', annotations({ a: 'x'.repeat(262_144) }), ['spec.secretTemplate.annotations: Too long: ']],
  ['two formats', { additionalOutputFormats: [{ type: 'DER' }, { type: 'CombinedPEM' }] }, []],
  [
    'one format twice',
    { additionalOutputFormats: [{ type: 'DER' }, { type: 'CombinedPEM' }, { type: 'DER' }] },
    ['spec.additionalOutputFormats[type]: Duplicate value: "DER"'],
  ],
  ['JKS by reference', jks(reference), []],
  ['JKS by password', jks({ password: 'changeit' }), []],
  ['JKS by password, as Go writes it', jks({ password: 'changeit', passwordSecretRef: { name: '' } }), []],
  ['JKS with both', jks({ ...reference, password: 'x' }), ['spec.keystores.jks: Forbidden: ']],
  ['JKS with none', jks({}), ['spec.keystores.jks: Forbidden: ']],
  ['JKS with an empty one', jks({ password: '' }), ['spec.keystores.jks.password: Forbidden: ']],
  ['PKCS#12 by reference', pkcs12(reference), []],
  ['PKCS#12 with both', pkcs12({ ...reference, password: 'x' }), ['spec.keystores.pkcs12: Forbidden: ']],
  ['PKCS#12 with none, even when not created', pkcs12({}), ['spec.keystores.pkcs12: Forbidden: ']],
  ['PKCS#12 with an empty one', pkcs12({ password: '' }), ['spec.keystores.pkcs12.password: Forbidden: ']],
];

export const secretCases: AdmissionCase[] = creations(
  'Certificate',
  'certificate: Secret',
  cases.map(([title, change, expected]) => [title, { ...certificateBase, ...change }, expected] as const),
);
