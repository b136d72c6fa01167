/** Which fields of a Certificate are not what its CertificateRequest, or its certificate, says (lifecycle §7, checks 6 to 8). */
import type { CertificateSpec } from '../../api/certificate.ts';
import { parseDuration } from '../../api/duration.ts';
import { PkiError } from '../../pki/errors.ts';
import { decodeIp, encodeIp } from '../../pki/x509/ip-address.ts';
import { encodedLiteralSubject } from './literal-subject.ts';
import { sameIssuer, type IssuerRef } from './issuer-match.ts';
import type { CsrFacts, RequestFacts, SubjectFacts } from './request-facts.ts';
import type { CertificateFacts, PrivateKeyFacts } from './secret-facts.ts';

type List = readonly string[] | undefined;

/** Equal as multisets; absent and empty are the same. */
function sameNames(a: List, b: List): boolean {
  const left = a ?? [];
  const right = b ?? [];
  if (left.length !== right.length) return false;
  const sorted = right.toSorted();
  return left.toSorted().every((value, index) => value === sorted[index]);
}

function sameSet(a: List, b: List): boolean {
  const left = new Set(a ?? []);
  const right = new Set(b ?? []);
  return left.size === right.size && [...left].every((value) => right.has(value));
}

/** Addresses out of certificates are in canonical spelling; those of a spec are as people write them. */
function sameAddresses(spec: List, actual: readonly string[]): boolean {
  return sameNames(spec?.map(canonicalAddress), actual);
}

function canonicalAddress(address: string): string {
  try {
    return decodeIp(encodeIp(address)) ?? address;
  } catch (error) {
    if (error instanceof PkiError) return address;
    throw error;
  }
}

/**
 * Field paths in the peer's order; empty when everything agrees. An unreadable CSR yields only the fields beside it.
 * @param issuers any of which may have been asked
 */
export function requestViolations(
  spec: CertificateSpec,
  request: RequestFacts,
  issuers: readonly IssuerRef[] = [spec.issuerRef],
): string[] {
  const fields = request.csr.ok ? csrViolations(spec, request.csr.value) : [];
  if ((spec.isCA ?? false) !== request.isCA) fields.push('spec.isCA');
  if (!sameSet(spec.usages, request.usages)) fields.push('spec.usages');
  if (spec.duration !== undefined && request.duration !== undefined) {
    if (parseDuration(spec.duration) !== parseDuration(request.duration)) fields.push('spec.duration');
  }
  if (!issuers.some((ref) => sameIssuer(ref, request.issuerRef))) fields.push('spec.issuerRef');
  return fields;
}

function csrViolations(spec: CertificateSpec, csr: CsrFacts): string[] {
  const fields: string[] = [];
  const check = (same: boolean, field: string): void => {
    if (!same) fields.push(field);
  };
  check(sameAddresses(spec.ipAddresses, csr.ipAddresses), 'spec.ipAddresses');
  check(sameNames(spec.uris, csr.uris), 'spec.uris');
  check(sameNames(spec.emailAddresses, csr.emailAddresses), 'spec.emailAddresses');
  check(sameNames(spec.dnsNames, csr.dnsNames), 'spec.dnsNames');
  if (spec.otherNames !== undefined) {
    const wanted = spec.otherNames.map((name) => `${name.oid ?? ''}=${name.utf8Value ?? ''}`);
    check(sameNames(wanted, csr.otherNames), 'spec.otherNames');
  }
  if (spec.literalSubject !== undefined && spec.literalSubject !== '') {
    check(encodedLiteralSubject(spec.literalSubject) === csr.subjectDer, 'spec.literalSubject');
    return fields;
  }
  check((spec.commonName ?? '') === csr.subject.commonName, 'spec.commonName');
  check((spec.subject?.serialNumber ?? '') === csr.subject.serialNumber, 'spec.subject.serialNumber');
  for (const [field, reported] of subjectLists) {
    const wanted = spec.subject?.[field];
    check(sameNames(wanted, csr.subject[field]), `spec.subject.${reported}`);
  }
  return fields;
}

/** `postCodes` is how the peer reports postalCodes. */
const subjectLists: readonly (readonly [
  Exclude<keyof SubjectFacts, 'commonName' | 'serialNumber'>,
  string,
])[] = [
  ['organizations', 'organizations'],
  ['countries', 'countries'],
  ['localities', 'localities'],
  ['organizationalUnits', 'organizationalUnits'],
  ['postalCodes', 'postCodes'],
  ['provinces', 'provinces'],
  ['streetAddresses', 'streetAddresses'],
];

/**
 * The loose comparison used when there is no request to compare with: names may move between common name and DNS
 * names, and nothing but names counts.
 */
export function certificateViolations(spec: CertificateSpec, certificate: CertificateFacts): string[] {
  const fields: string[] = [];
  const wanted = new Set(spec.dnsNames);
  if (spec.commonName !== undefined && spec.commonName !== '') wanted.add(spec.commonName);
  const actual = new Set(certificate.dnsNames);
  if (certificate.commonName !== '') actual.add(certificate.commonName);
  if (spec.literalSubject === undefined || spec.literalSubject === '') {
    if (spec.commonName !== undefined && spec.commonName !== '' && !actual.has(spec.commonName)) {
      fields.push('spec.commonName');
    }
    const others = [...wanted].filter((name) => name !== spec.commonName);
    if (others.some((name) => !actual.has(name)) || [...actual].some((name) => !wanted.has(name))) {
      fields.push('spec.dnsNames');
    }
  } else if (!sameSet(spec.dnsNames, certificate.dnsNames)) {
    // The subject is written out in literalSubject, so its common name is no stray name.
    fields.push('spec.dnsNames');
  }
  if (!sameAddresses(spec.ipAddresses, certificate.ipAddresses)) fields.push('spec.ipAddresses');
  if (!sameNames(spec.uris, certificate.uris)) fields.push('spec.uris');
  if (!sameNames(spec.emailAddresses, certificate.emailAddresses)) fields.push('spec.emailAddresses');
  return fields;
}

/** Whether a key is of the algorithm and size that the spec wants; Ed25519 has no sizes (api.md §6). */
export function keyViolations(spec: CertificateSpec, key: PrivateKeyFacts): string[] {
  const algorithm = spec.privateKey?.algorithm ?? 'RSA';
  if (key.algorithm !== algorithm) return ['spec.privateKey.algorithm'];
  if (algorithm === 'Ed25519') return [];
  const size = spec.privateKey?.size ?? 0;
  const wanted = size > 0 ? size : algorithm === 'RSA' ? 2048 : 256;
  return key.size === wanted ? [] : ['spec.privateKey.size'];
}

/** A list as the peer prints it: `[spec.commonName spec.dnsNames]`. */
export function fieldList(fields: readonly string[]): string {
  return `[${fields.join(' ')}]`;
}
