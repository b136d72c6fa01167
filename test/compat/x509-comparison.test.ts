/** The same manifests give the same X.509, byte for byte, but for keys, serial numbers, times and signatures. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Secret } from '../../src/api/core.ts';
import { certificateRequests, secrets } from '../../src/api/resources.ts';
import { DerReader } from '../../src/pki/asn1/der-reader.ts';
import { subjectKeyIdentifier } from '../../src/pki/x509/extensions.ts';
import { parseCertificates, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { applyAndSettle } from './apply-and-settle.ts';
import { certManagerFixtures, ownFixtures, withoutIngress, type FixtureSet } from './fixture-set.ts';

const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');

/** The elements of a SEQUENCE, header included. */
function elements(der: Uint8Array): Buffer[] {
  const reader = DerReader.over(der).sequence();
  const found: Buffer[] = [];
  while (!reader.atEnd) found.push(reader.raw());
  return found;
}

/** AlgorithmIdentifier, and how many bytes the key has. */
function keyKind(spki: Uint8Array): string {
  const [algorithm, bits] = elements(spki);
  return `${algorithm?.toString('hex')} ${bits?.length}`;
}

/** UTCTime or GeneralizedTime, and how long between the two. */
function validity(one: ParsedCertificate, der: Uint8Array): string {
  const types = elements(der).map((moment) => moment[0]?.toString(16));
  return `${types.join()} ${one.notAfter.getTime() - one.notBefore.getTime()} ms`;
}

/** A certificate with the parts that cannot be equal named instead of spelt out. `issuerKey`: SPKI of the issuer. */
function plainCertificate(one: ParsedCertificate, issuerKey: Uint8Array): Record<string, unknown> {
  const [version, serial, algorithm, issuer, times, subject, spki, ...rest] = elements(one.tbs);
  assert.ok(times !== undefined && spki !== undefined && serial !== undefined);
  const bits = BigInt(`0x${one.serialHex}`).toString(2).length;
  assert.ok(
    bits <= 159 && one.serial.length <= 20,
    'serial numbers are at most 20 octets (RFC 5280 §4.1.2.2)',
  );
  const masked = (value: Buffer): string =>
    value
      .toString('hex')
      .replaceAll(subjectKeyIdentifier(one.spki).toString('hex'), '<own key>')
      .replaceAll(subjectKeyIdentifier(issuerKey).toString('hex'), '<issuer key>');
  return {
    version: version?.toString('hex'),
    algorithm: algorithm?.toString('hex'),
    signatureAlgorithm: one.signatureAlgorithm.toString('hex'),
    issuer: issuer?.toString('hex'),
    subject: subject?.toString('hex'),
    validity: validity(one, times),
    key: keyKind(spki),
    extensions: one.extensions.map(({ oid, critical, value }) => `${oid} ${critical} ${masked(value)}`),
    elements: rest.length,
  };
}

/** The chain of tls.crt and what ca.crt holds; each certificate's issuer is the next one or the top. */
function plainSecret({ data }: Secret): Record<string, unknown> {
  const chain = parseCertificates(text(data?.['tls.crt']));
  const roots = data?.['ca.crt'] === undefined ? [] : parseCertificates(text(data['ca.crt']));
  const all = [...chain, ...roots];
  const issuerOf = (one: ParsedCertificate): Uint8Array =>
    all.find((candidate) => candidate.subjectDer.equals(one.issuerDer) && candidate !== one)?.spki ??
    one.spki;
  return {
    chain: chain.map((one) => plainCertificate(one, issuerOf(one))),
    ca: roots.map((one) => plainCertificate(one, issuerOf(one))),
    type: Object.keys(data ?? {}).toSorted(),
  };
}

function plainRequest({ spec }: CertificateRequest): Record<string, unknown> {
  const csr = parseCsr(text(spec.request));
  const [version, subject, spki, ...attributes] = elements(csr.info);
  assert.ok(spki);
  return {
    version: version?.toString('hex'),
    subject: subject?.toString('hex'),
    key: keyKind(spki),
    attributes: attributes.map((one) => one.toString('hex')),
    signatureAlgorithm: csr.signatureAlgorithm.toString('hex'),
  };
}

/** By Certificate and kind of object. Of several requests the newest. */
function plain(stored: readonly Secret[], requests: readonly CertificateRequest[]): Map<string, unknown> {
  const nameOf = ({ metadata }: Secret | CertificateRequest): string | undefined =>
    metadata?.annotations?.['cert-manager.io/certificate-name'];
  const revision = ({ metadata }: CertificateRequest): number =>
    Number(metadata?.annotations?.['cert-manager.io/certificate-revision']);
  const found = new Map<string, unknown>();
  for (const secret of stored)
    if (nameOf(secret)) found.set(`Secret of ${nameOf(secret)}`, plainSecret(secret));
  for (const request of requests.toSorted((a, b) => revision(a) - revision(b)))
    found.set(`request of ${nameOf(request)}`, plainRequest(request));
  return found;
}

async function compare(set: FixtureSet, atLeast: number): Promise<void> {
  const mine = new Set(withoutIngress(set).objects);
  const theirs = plain(
    set.secrets.filter((one) => mine.has(one)),
    set.requests.filter((one) => mine.has(one)),
  );
  const world = await applyAndSettle(set.applied, { startMs: Date.parse('2026-11-22T00:02:42Z') });
  try {
    const ours = plain(
      await world.all<Secret>(secrets),
      await world.all<CertificateRequest>(certificateRequests),
    );
    for (const [what, expected] of theirs) assert.deepEqual(ours.get(what), expected, what);
    assert.deepEqual([...ours.keys()].toSorted(), [...theirs.keys()].toSorted());
    assert.ok(theirs.size >= atLeast);
  } finally {
    await world.close();
  }
}

describe('certificates and requests from the same manifests', () => {
  test('equal those of cert-manager 1.21', async (context) => {
    const set = certManagerFixtures(context);
    if (set !== undefined) await compare(set, 29);
  });

  test('equal those of an earlier version of ours', () => compare(ownFixtures(), 11));
});
