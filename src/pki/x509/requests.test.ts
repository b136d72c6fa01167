import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { encodePem } from '../pem.ts';
import {
  constructed,
  element,
  objectIdentifier,
  sequence,
  setOf,
  smallInteger,
  bitString,
} from '../asn1/der-writer.ts';
import { oids } from '../asn1/oids.ts';
import { CsrError, PemError, PkiError, SignatureError, TooLargeError, UsageError } from '../errors.ts';
import { generateKey, publicKeysEqual, spkiOf } from '../keys.ts';
import { createCsr, createCsrInPool, type CsrTemplate } from './create-csr.ts';
import { encodeExtension } from './extensions.ts';
import {
  keyUsageBits,
  keyUsagesOf,
  namesOfExtKeyUsage,
  namesOfKeyUsage,
  unknownUsages,
} from './key-usage.ts';
import { csrContradiction, parseCsr, verifyCsrSignature, type ParsedCsr } from './parse-csr.ts';
import { defaultSignatureAlgorithm, signBytes } from './signature-algorithm.ts';

let key: KeyObject;
let rsa: KeyObject;
before(async () => {
  key = await generateKey({ algorithm: 'ECDSA' });
  rsa = await generateKey({});
});

const make = (template: CsrTemplate): ParsedCsr => parseCsr(createCsr(template, key));

/** A CSR with whatever attributes, properly signed. */
function withAttributes(attributes: readonly Buffer[]): Buffer {
  const algorithm = defaultSignatureAlgorithm(key);
  const info = sequence(smallInteger(0), sequence(), spkiOf(key), constructed(0xa0, attributes));
  return sequence(info, algorithm.identifier, bitString(signBytes(algorithm, key, info)));
}

describe('usages', () => {
  test('defaults, aliases, cert sign for a CA, order kept', () => {
    assert.deepEqual(keyUsagesOf(undefined, false), { keyUsage: 0b101, extKeyUsage: [] });
    assert.deepEqual(keyUsagesOf([], true), { keyUsage: 0b101 | keyUsageBits.certSign, extKeyUsage: [] });
    const some = keyUsagesOf(['client auth', 'signing', 'server auth', 's/mime'], false);
    assert.deepEqual(namesOfKeyUsage(some.keyUsage), ['digital signature']);
    assert.deepEqual(namesOfExtKeyUsage(some.extKeyUsage), [
      'client auth',
      'server auth',
      'email protection',
    ]);
    assert.throws(() => keyUsagesOf(['x'], false), UsageError);
    assert.deepEqual(unknownUsages(['x', 'any']), ['x']);
  });
});

describe('creating', () => {
  test('extensions in the order SAN, KU, EKU, basicConstraints, nameConstraints', () => {
    const csr = make({
      dnsNames: ['a'],
      usages: ['server auth', 'signing'],
      isCA: true,
      basicConstraints: true,
      nameConstraints: { critical: true, permitted: { dnsDomains: ['a'] } },
    });
    assert.deepEqual(
      csr.extensions.map(({ oid, critical }) => [oid, critical]),
      [
        [oids.subjectAltName, true],
        [oids.keyUsage, true],
        [oids.extKeyUsage, false],
        [oids.basicConstraints, true],
        [oids.nameConstraints, true],
      ],
    );
    assert.deepEqual(csr.basicConstraints, { isCA: true });
    verifyCsrSignature(csr);
    assert.ok(publicKeysEqual(csr.publicKey, key));
  });

  test('SAN is not critical beside a subject; usages can be left out', () => {
    const csr = make({ commonName: 'a', dnsNames: ['a'], encodeUsages: false });
    assert.deepEqual(
      csr.extensions.map(({ oid, critical }) => [oid, critical]),
      [[oids.subjectAltName, false]],
    );
  });

  test('at least one name; a literal subject alone', () => {
    for (const template of [
      {},
      { subject: { organizations: ['o'] } },
      { literalSubject: 'O=x' },
      { dnsNames: [] },
    ]) {
      assert.throws(() => createCsr(template, key), CsrError);
    }
    assert.throws(() => createCsr({ literalSubject: 'CN=x', commonName: 'y' }, key), CsrError);
    assert.throws(() => createCsr({ literalSubject: 'CN=x', subject: { countries: ['y'] } }, key), CsrError);
    assert.equal(
      make({ literalSubject: 'CN=x,O=y', subject: { countries: [] } }).subjectFields.commonName,
      'x',
    );
  });

  test('the signature algorithm fits the key', () => {
    assert.throws(
      () => createCsr({ commonName: 'a', signatureAlgorithm: 'SHA256WithRSA' }, key),
      SignatureError,
    );
    assert.throws(() => createCsr({ commonName: 'a', signatureAlgorithm: 'MD5' }, key), SignatureError);
  });

  test('RSA in the thread pool gives the same bytes', async () => {
    const template = { commonName: 'a', signatureAlgorithm: 'SHA384WithRSA' };
    assert.deepEqual(await createCsrInPool(template, rsa), createCsr(template, rsa));
  });
});

describe('parsing', () => {
  test('PEM and DER alike; other labels and sizes refused', () => {
    const der = createCsr({ commonName: 'a' }, key);
    const pem = encodePem('CERTIFICATE REQUEST', der);
    assert.deepEqual(parseCsr(pem).der, der);
    assert.deepEqual(parseCsr(Buffer.from(pem)).der, der);
    assert.throws(() => parseCsr(encodePem('CERTIFICATE', der)), CsrError);
    assert.throws(() => parseCsr('x'.repeat(36_501)), TooLargeError);
    assert.throws(() => parseCsr(''), PemError);
    assert.throws(() => parseCsr(Buffer.concat([der, Buffer.from([0])])), CsrError);
  });

  test('duplicate extensions and extension requests are refused', () => {
    const extension = encodeExtension('1.2.3', false, Buffer.from([5, 0]));
    const request = (list: Buffer): Buffer =>
      sequence(objectIdentifier(oids.extensionRequest), setOf([list]));
    assert.equal(parseCsr(withAttributes([request(sequence(extension))])).extensions.length, 1);
    assert.throws(() => parseCsr(withAttributes([request(sequence(extension, extension))])), PkiError);
    assert.throws(
      () => parseCsr(withAttributes([request(sequence(extension)), request(sequence())])),
      CsrError,
    );
  });

  test('a challenge password is skipped', () => {
    const password = sequence(
      objectIdentifier('1.2.840.113549.1.9.7'),
      setOf([element(0x0c, Buffer.from('x'))]),
    );
    verifyCsrSignature(parseCsr(withAttributes([password])));
  });

  test('a wrong signature is found', () => {
    const der = createCsr({ commonName: 'a' }, key);
    const other = createCsr({ commonName: 'b' }, key);
    const at = der.indexOf(Buffer.from('130161', 'hex'));
    const forged = Buffer.from(der);
    forged[at + 2] = 0x62;
    assert.throws(() => verifyCsrSignature(parseCsr(forged)), CsrError);
    verifyCsrSignature(parseCsr(other));
  });
});

describe('agreement with the request (api.md §10)', () => {
  test('CA flag, usages with order, unknown usages ignored', () => {
    const csr = make({
      commonName: 'a',
      usages: ['server auth', 'client auth'],
      isCA: true,
      basicConstraints: true,
    });
    assert.equal(csrContradiction(csr, { isCA: true, usages: ['server auth', 'client auth'] }), undefined);
    assert.equal(
      csrContradiction(csr, { isCA: false, usages: ['server auth', 'client auth'] }),
      'encoded CSR error: IsCA true does not match expected value false',
    );
    assert.equal(
      csrContradiction(csr, { isCA: true, usages: ['client auth', 'server auth'] }),
      "encoded CSR error: the ExtKeyUsages [ 'server auth', 'client auth' ] do not match the expected ExtKeyUsages [ 'client auth', 'server auth' ]",
    );
    assert.equal(
      csrContradiction(csr, { isCA: true }),
      "encoded CSR error: the KeyUsages [ 'cert sign' ] do not match the expected KeyUsages [ 'digital signature', 'key encipherment', 'cert sign' ]",
    );
    assert.equal(
      csrContradiction(make({ commonName: 'a', encodeUsages: false }), { usages: ['any'] }),
      undefined,
    );
  });
});
