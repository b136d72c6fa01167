/** The linter as a whole: profiles, unsigned input, what the peer issues, hostile bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { encodeTime } from '../asn1/der-time.ts';
import { oids } from '../asn1/oids.ts';
import { encodeName, nameFromFields } from '../x509/name.ts';
import { lint, lintProfileOf, lintRules, refusals } from './lint.ts';
import { altNames, keyUsage, leafExtensions, makeCertificate } from './testing/make-certificate.ts';

test('codes are unique and every rule names its source', () => {
  const codes = lintRules.cabf.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(lintRules.rfc5280.length >= 40);
  for (const { code, source } of lintRules.cabf) {
    assert.match(code, /^[a-z0-9_]+$/u);
    assert.match(source, /^(?:RFC \d+|CA\/B BR|X\.690|NIST SP) /u);
  }
});

test('finds the same before and after signing', () => {
  const { der, tbs } = makeCertificate({ notAfter: encodeTime(0) });
  assert.deepEqual(lint(tbs, { profile: 'cabf' }), lint(der, { profile: 'cabf' }));
  assert.deepEqual(lint({ der }, { profile: 'cabf' }), lint(der, { profile: 'cabf' }));
});

test('nothing that cert-manager issues today is refused under rfc5280', () => {
  const commonNameOnly = encodeName(
    nameFromFields({ countries: ['Germany'], organizations: ['x'.repeat(80)] }, 'app'),
  );
  const issued = [
    {
      subject: commonNameOnly,
      extensions: leafExtensions({ [oids.subjectAltName]: null, [oids.extKeyUsage]: null }),
    },
    {
      extensions: leafExtensions({
        [oids.authorityKeyIdentifier]: null,
        [oids.keyUsage]: keyUsage(0b100101),
      }),
    },
    {
      subject: encodeName([]),
      extensions: leafExtensions({ [oids.subjectAltName]: altNames({ dnsNames: ['_x.svc'] }, true) }),
    },
    { notAfter: encodeTime(Date.UTC(2126, 0, 1)) },
  ];
  for (const parts of issued)
    assert.deepEqual(refusals(lint(makeCertificate(parts).der, { profile: 'rfc5280' })), []);
});

test('an annotation asks for a profile', () => {
  assert.deepEqual([undefined, '', 'cabf', 'rfc5280', 'strict'].map(lintProfileOf), [
    'rfc5280',
    'rfc5280',
    'cabf',
    'rfc5280',
    undefined,
  ]);
});

test('bytes that are no certificate are one finding, and nothing is thrown', () => {
  const codes = (bytes: Uint8Array) => lint(bytes, { profile: 'cabf' }).map(({ code }) => code);
  assert.deepEqual(codes(Buffer.alloc(0)), ['certificate_malformed']);
  assert.deepEqual(codes(Buffer.alloc((1 << 20) + 1)), ['certificate_malformed']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) =>
      assert.deepEqual(codes(bytes), ['certificate_malformed']),
    ),
  );
});

test('a certificate with any byte changed is linted without an error of ours', () => {
  const { der } = makeCertificate();
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ flip;
      for (const { message } of lint(changed, { profile: 'cabf' })) assert.equal(typeof message, 'string');
    }),
  );
});
