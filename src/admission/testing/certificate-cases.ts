/** Certificates and what is to be said of them: names, keys, name constraints. */
import { creations, type AdmissionCase } from './admission-case.ts';

export const certificateBase = {
  secretName: 'web-tls',
  issuerRef: { name: 'ca' },
  dnsNames: ['example.com'],
};
const named = { ...certificateBase, dnsNames: undefined };
const long = 'x'.repeat(65);

/** What is set on top of a good Certificate, and how its refusals begin. */
const cases: Record<string, [string, object, string[]][]> = {
  'secret and issuer': [
    ['a plain one', {}, []],
    ['no Secret', { secretName: undefined }, ['spec.secretName: Required value: ']],
    ['an empty Secret name', { secretName: '' }, ['spec.secretName: Required value: ']],
    ['no DNS-1123 name', { secretName: 'Web_TLS' }, ['spec.secretName: Invalid value: "Web_TLS": ']],
    ['no path', { secretName: '../x' }, ['spec.secretName: Invalid value: "../x": ']],
    ['a long name', { secretName: 'x'.repeat(254) }, ['spec.secretName: Invalid value: "xxx']],
    ['no issuer', { issuerRef: undefined }, ['spec.issuerRef.name: Required value: ']],
    ['no issuer name', { issuerRef: { kind: 'Issuer' } }, ['spec.issuerRef.name: Required value: ']],
    ['a ClusterIssuer', { issuerRef: { name: 'a', kind: 'ClusterIssuer', group: 'cert-manager.io' } }, []],
    ['a foreign kind', { issuerRef: { name: 'a', kind: 'AWSPCAIssuer', group: 'awspca.example.com' } }, []],
    [
      'a foreign kind without group',
      { issuerRef: { name: 'a', kind: 'AWSPCAIssuer' } },
      [
        'spec.issuerRef.kind: Invalid value: "AWSPCAIssuer": must be one of Issuer or ClusterIssuer; for an external',
      ],
    ],
    [
      'a foreign kind in our group',
      { issuerRef: { name: 'a', kind: 'Foo', group: 'cert-manager.io' } },
      ['spec.issuerRef.kind: Invalid value: "Foo": must be one of Issuer or ClusterIssuer'],
    ],
  ],
  names: [
    ['none', named, ['spec: Invalid value: "": ']],
    ['empty lists', { ...named, dnsNames: [], uris: [], ipAddresses: [] }, ['spec: Invalid value: "": ']],
    ['a common name', { ...named, commonName: 'web' }, []],
    ['a URI', { ...named, uris: ['spiffe://a/b'] }, []],
    ['IP addresses', { ...named, ipAddresses: ['10.0.0.1', '::1', '::ffff:1.2.3.4', 'fe80::1'] }, []],
    ['other names', { ...named, otherNames: [{ oid: '1.2.3', utf8Value: 'u' }] }, []],
    ['a literal subject', { ...named, literalSubject: 'CN=web,O=Example' }, []],
    [
      'a literal subject without CN',
      { ...named, literalSubject: 'O=Example' },
      ['spec: Invalid value: "": '],
    ],
    ['64 bytes', { commonName: 'x'.repeat(64) }, []],
    ['65 bytes', { commonName: long }, ['spec.commonName: Too long: may not be more than 64 bytes']],
    ['64 characters of two bytes', { commonName: 'é'.repeat(64) }, ['spec.commonName: Too long: ']],
    ['a long literal CN', { literalSubject: `CN=${long}` }, ['spec.commonName: Too long: ']],
    [
      'the first written of two CNs counts',
      { literalSubject: `CN=${long},CN=b` },
      ['spec.commonName: Too long: '],
    ],
    ['the other one does not', { literalSubject: `CN=b,CN=${long}` }, []],
    [
      'literal and CN',
      { literalSubject: 'CN=a', commonName: 'a' },
      ['spec.commonName: Invalid value: "a": '],
    ],
    [
      'literal and subject',
      { literalSubject: 'CN=a', subject: { organizations: ['x'] } },
      ['spec.subject: Invalid value: {"organizations":["x"]}: '],
    ],
    [
      'literal and empty subject',
      { literalSubject: 'CN=a', subject: { organizations: [], serialNumber: '' } },
      [],
    ],
    ['broken literal', { literalSubject: 'nonsense' }, ['spec.literalSubject: Invalid value: "nonsense": ']],
    [
      'unknown attribute',
      { literalSubject: 'CN=a,FOO=b' },
      ['spec.literalSubject: Invalid value: "CN=a,FOO=b": '],
    ],
    ['not an address', { ipAddresses: ['10.0.0.1', 'x'] }, ['spec.ipAddresses[1]: Invalid value: "x": ']],
    ['leading zeros', { ipAddresses: ['010.0.0.1'] }, ['spec.ipAddresses[0]: Invalid value: "010.0.0.1": ']],
    ['a zone', { ipAddresses: ['fe80::1%eth0'] }, ['spec.ipAddresses[0]: Invalid value: "fe80::1%eth0": ']],
    ['a CIDR', { ipAddresses: ['10.0.0.0/8'] }, ['spec.ipAddresses[0]: Invalid value: "10.0.0.0/8": ']],
    ['mailboxes', { emailAddresses: ['a@b.c', "o'x+y@b", 'ü@bücher.example', 'a@[127.0.0.1]'] }, []],
    [
      'a display name',
      { emailAddresses: ['Ann <a@b.c>'] },
      ['spec.emailAddresses[0]: Invalid value: "Ann <a@b.c>": '],
    ],
    [
      'angle brackets',
      { emailAddresses: ['<a@b.c>'] },
      ['spec.emailAddresses[0]: Invalid value: "<a@b.c>": '],
    ],
    ['no at', { emailAddresses: ['a'] }, ['spec.emailAddresses[0]: Invalid value: "a": ']],
    ['two dots', { emailAddresses: ['a..b@c'] }, ['spec.emailAddresses[0]: Invalid value: "a..b@c": ']],
    ['several', { emailAddresses: ['a@b,c@d'] }, ['spec.emailAddresses[0]: Invalid value: "a@b,c@d": ']],
    ['DNS names are not checked', { dnsNames: ['_x', '*.a.b', 'not a name'], uris: ['::'] }, []],
    [
      'empty other name',
      { otherNames: [{}] },
      ['spec.otherNames[0].oid: Required value: ', 'spec.otherNames[0].utf8Value: Required value: '],
    ],
    [
      'a word as OID',
      { otherNames: [{ oid: '1.x', utf8Value: 'a' }] },
      ['spec.otherNames[0].oid: Invalid value: "1.x": '],
    ],
    [
      'half a character',
      { otherNames: [{ oid: '1.2', utf8Value: '\ud800' }] },
      ['spec.otherNames[0].utf8Value: Required value: '],
    ],
  ],
  'keys and usages': [
    ['defaults', { privateKey: {} }, []],
    ['RSA 2048', { privateKey: { size: 2048 } }, []],
    ['RSA 8192', { privateKey: { algorithm: 'RSA', size: 8192 } }, []],
    ['size 0 is the default', { privateKey: { size: 0 } }, []],
    ['size below 0 is the default', { privateKey: { algorithm: 'ECDSA', size: -1 } }, []],
    ['RSA 1024', { privateKey: { size: 1024 } }, ['spec.privateKey.size: Invalid value: 1024: ']],
    ['RSA 8193', { privateKey: { size: 8193 } }, ['spec.privateKey.size: Invalid value: 8193: ']],
    ['P-384', { privateKey: { algorithm: 'ECDSA', size: 384 } }, []],
    [
      'ECDSA 512',
      { privateKey: { algorithm: 'ECDSA', size: 512 } },
      ['spec.privateKey.size: Unsupported value: 512: supported values: "256", "384", "521"'],
    ],
    ['Ed25519 of any size', { privateKey: { algorithm: 'Ed25519', size: 7 } }, []],
    ['DSA', { privateKey: { algorithm: 'DSA' } }, ['spec.privateKey.algorithm: Invalid value: "DSA": ']],
    ['RSA signature', { signatureAlgorithm: 'SHA512WithRSA' }, []],
    [
      'ECDSA signature by the default key',
      { signatureAlgorithm: 'ECDSAWithSHA256' },
      [
        'spec.signatureAlgorithm: Invalid value: "ECDSAWithSHA256": for key algorithm RSA the allowed signature algorithms are [SHA256WithRSA SHA384WithRSA SHA512WithRSA]',
      ],
    ],
    [
      'RSA signature by Ed25519',
      { privateKey: { algorithm: 'Ed25519' }, signatureAlgorithm: 'SHA256WithRSA' },
      ['spec.signatureAlgorithm: Invalid value: "SHA256WithRSA": for key algorithm Ed25519 '],
    ],
    ['usages', { usages: ['server auth', 's/mime', 'signing'] }, []],
    ['unknown usage', { usages: ['any', 'world peace'] }, ['spec.usages[1]: Invalid value: "world peace": ']],
  ],
  'name constraints': [
    [
      'of a CA',
      {
        isCA: true,
        nameConstraints: { permitted: { dnsDomains: ['a'], ipRanges: ['10.0.0.0/8', 'fd00::/8'] } },
      },
      [],
    ],
    [
      'of no CA',
      { nameConstraints: { excluded: { dnsDomains: ['a'] } } },
      ['spec.nameConstraints: Invalid value: {"excluded":{"dnsDomains":["a"]}}: '],
    ],
    ['empty', { isCA: true, nameConstraints: {} }, ['spec.nameConstraints: Invalid value: {}: ']],
    [
      'no ranges',
      {
        isCA: true,
        nameConstraints: {
          permitted: { ipRanges: ['10.0.0.1'] },
          excluded: { ipRanges: ['::/0', '10.0.0.0/33'] },
        },
      },
      [
        'spec.nameConstraints.permitted.ipRanges[0]: Invalid value: "10.0.0.1": ',
        'spec.nameConstraints.excluded.ipRanges[1]: Invalid value: "10.0.0.0/33": ',
      ],
    ],
  ],
};

export const certificateCases: AdmissionCase[] = Object.entries(cases).flatMap(([group, list]) =>
  creations(
    'Certificate',
    `certificate: ${group}`,
    list.map(([title, change, expected]) => [title, { ...certificateBase, ...change }, expected] as const),
  ),
);
