/** Requests of every shape a Certificate can ask for, shared by the tests that hold the PKI against its peers. */
import type { KeyObject } from 'node:crypto';
import { generateKey } from '../../src/pki/keys.ts';
import type { CsrTemplate } from '../../src/pki/x509/create-csr.ts';

export interface PkiCase {
  name: string;
  template: CsrTemplate;
}

export const pkiCases: readonly PkiCase[] = [
  { name: 'common name only', template: { commonName: 'host.example.com' } },
  {
    name: 'every subject field, several values, printable and not',
    template: {
      commonName: 'Grüße & mehr',
      subject: {
        organizations: ['Zeta', 'Alpha', 'Middle*'],
        countries: ['DE', 'AT'],
        organizationalUnits: ['one', 'two'],
        localities: ['Köln'],
        provinces: ['NRW'],
        streetAddresses: ['Street 1, Floor 2'],
        postalCodes: ['50667'],
        serialNumber: 'SN-1',
      },
    },
  },
  {
    name: 'every kind of alternative name',
    template: {
      commonName: 'x',
      dnsNames: ['a.example.com', '*.b.example.com', 'xn--mnchen-3ya.de'],
      emailAddresses: ['me@example.com'],
      ipAddresses: ['10.0.0.1', '2001:db8::1', '::ffff:192.0.2.7', '::'],
      uris: ['spiffe://example.org/ns/a/sa/b', 'https://example.com/a?b=c#d'],
      otherNames: [{ oid: '1.3.6.1.4.1.311.20.2.3', utf8Value: 'üser@example.com' }],
    },
  },
  { name: 'empty subject', template: { dnsNames: ['only.example.com'] } },
  {
    name: 'literal subject with a multi-valued RDN, escapes and a dotted type',
    template: {
      literalSubject: 'CN=a\\,b+OU=x\\2B y,O=Ex\\C3\\A4mple,DC=example,DC=com,2.5.4.42=Given,C=DE',
      dnsNames: ['l.example.com'],
    },
  },
  {
    name: 'usages in an order of their own',
    template: {
      commonName: 'u',
      usages: ['client auth', 'decipher only', 'server auth', 'any', 's/mime', 'signing', 'key agreement'],
    },
  },
  {
    name: 'CA with name constraints',
    template: {
      commonName: 'ca',
      isCA: true,
      usages: ['cert sign', 'crl sign'],
      basicConstraints: true,
      nameConstraints: {
        critical: true,
        permitted: {
          dnsDomains: ['example.com'],
          ipRanges: ['10.1.2.3/8', '2001:db8::/32'],
          emailAddresses: ['example.com'],
        },
        excluded: {
          dnsDomains: ['bad.example.com'],
          ipRanges: ['192.168.0.0/16'],
          uriDomains: ['.evil.example'],
        },
      },
    },
  },
  {
    name: 'no usages in the request',
    template: { commonName: 'n', encodeUsages: false, dnsNames: ['n.example.com'] },
  },
];

export async function everyKey(): Promise<{ name: string; key: KeyObject }[]> {
  const kinds = [
    ['RSA-2048', 'RSA', 2048],
    ['RSA-3072', 'RSA', 3072],
    ['P-256', 'ECDSA', 256],
    ['P-384', 'ECDSA', 384],
    ['P-521', 'ECDSA', 521],
    ['Ed25519', 'Ed25519', 0],
  ] as const;
  return Promise.all(
    kinds.map(async ([name, algorithm, size]) => ({ name, key: await generateKey({ algorithm, size }) })),
  );
}
