/** The kinds of certificates that must work by every challenge that can prove them, and how each is looked at. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';

import type { CertificateSpec } from '../../src/api/certificate.ts';
import type { ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import type { Pebble } from '../../tools/peers/acme/pebble.ts';

export const methods = ['http', 'tls', 'dns', 'persist'] as const;
export type Method = (typeof methods)[number];

export interface MatrixCase {
  name: string;
  /** Last part of the name of its issuer. */
  issuer: 'plain' | 'profile' | 'alternate' | 'bound';
  methods: readonly Method[];
  /** `base`: a name below the zone of the method. */
  wish: (base: string) => Partial<CertificateSpec>;
  /** More than that the names are those of the wish. */
  look?: (chain: ParsedCertificate[], pebble: Pebble) => Promise<void> | void;
}

const one = (base: string): Partial<CertificateSpec> => ({ dnsNames: [base] });
const byDns: readonly Method[] = ['dns', 'persist'];
/** Seconds. */
export const profileValidity = 604_800;

export const matrixCases: readonly MatrixCase[] = [
  { name: 'single', issuer: 'plain', methods, wish: one },
  {
    name: 'hundred',
    issuer: 'plain',
    methods,
    wish: (base) => ({ dnsNames: Array.from({ length: 100 }, (_, index) => `n${index}.${base}`) }),
  },
  { name: 'wildcard', issuer: 'plain', methods: byDns, wish: (base) => ({ dnsNames: [`*.${base}`] }) },
  {
    name: 'wildcard-and-apex',
    issuer: 'plain',
    methods: byDns,
    wish: (base) => ({ dnsNames: [base, `*.${base}`] }),
  },
  {
    name: 'address',
    issuer: 'plain',
    methods: ['http', 'tls'],
    wish: () => ({ ipAddresses: ['127.0.0.1'] }),
  },
  { name: 'bound-account', issuer: 'bound', methods, wish: one },
  {
    name: 'profile',
    issuer: 'profile',
    methods,
    wish: one,
    look([leaf]) {
      const seconds = (Number(leaf?.notAfter) - Number(leaf?.notBefore)) / 1000;
      assert.ok(Math.abs(seconds - profileValidity) < 60, `valid for ${seconds} s`);
    },
  },
  {
    name: 'alternate-chain',
    issuer: 'alternate',
    methods,
    wish: one,
    async look(chain, pebble) {
      const last = new X509Certificate(chain.at(-1)?.pem ?? '');
      assert.ok(
        last.verify(new X509Certificate(await pebble.root(1)).publicKey),
        'ends below the other root',
      );
    },
  },
  {
    name: 'idn',
    issuer: 'plain',
    methods,
    wish: (base) => ({ dnsNames: [`xn--bcher-kva.${base}`, `xn--fiqs8s.${base}`] }),
  },
  { name: 'revoked', issuer: 'plain', methods, wish: one },
];

/** Names and addresses are those that were asked for, in whatever order. */
export function lookAtNames(wish: Partial<CertificateSpec>, [leaf]: ParsedCertificate[]): void {
  assert.deepEqual(leaf?.subjectAltNames.dnsNames.toSorted(), (wish.dnsNames ?? []).toSorted());
  assert.deepEqual(leaf?.subjectAltNames.ipAddresses, wish.ipAddresses ?? []);
}
