/** Certificates and CSRs reduced to what decisions compare. */
import { createHash } from 'node:crypto';
import { renewalCertIdOf } from '../../acme/renewal-cert-id.ts';
import { spkiHash } from '../../pki/keys.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import type { ParsedCsr } from '../../pki/x509/parse-csr.ts';
import type { SubjectFields } from '../../pki/x509/name.ts';
import { detailAnnotations } from './detail-annotations.ts';
import type { CsrFacts, SubjectFacts } from './request-facts.ts';
import type { CertificateFacts } from './secret-facts.ts';

/** The first certificate of a chain. @throws PkiError */
export function leafFacts(chain: Uint8Array): CertificateFacts {
  const leaf = parseCertificate(chain);
  const { dnsNames, ipAddresses, uris, emailAddresses } = leaf.subjectAltNames;
  const subject = leaf.subjectFields;
  const commonName = subject.commonName ?? '';
  const renewalId = renewalCertIdOf(leaf);
  return {
    commonName,
    dnsNames,
    ipAddresses,
    uris,
    emailAddresses,
    notBefore: leaf.notBefore.getTime(),
    notAfter: leaf.notAfter.getTime(),
    publicKeyHash: spkiHash(leaf.spki),
    fingerprint: createHash('sha256').update(leaf.der).digest('base64'),
    ...(renewalId === undefined ? {} : { renewalId }),
    details: detailAnnotations({ commonName, dnsNames, ipAddresses, uris, emailAddresses, subject }),
  };
}

/** Key and expiry of the first certificate of a chain. @throws PkiError */
export function leafOf(chain: Uint8Array): { publicKeyHash: string; notAfter: number } {
  const leaf = parseCertificate(chain);
  return { publicKeyHash: spkiHash(leaf.spki), notAfter: leaf.notAfter.getTime() };
}

export function csrFacts(csr: ParsedCsr): CsrFacts {
  const { dnsNames, ipAddresses, uris, emailAddresses, otherNames } = csr.subjectAltNames;
  return {
    subject: subjectFacts(csr.subjectFields),
    subjectDer: csr.subjectDer.toString('base64'),
    dnsNames,
    ipAddresses,
    uris,
    emailAddresses,
    // A value that is no UTF8String can never be what a spec asks for.
    otherNames: otherNames.map(({ oid, utf8Value, value }) =>
      utf8Value === undefined ? `${oid}#${value.toString('hex')}` : `${oid}=${utf8Value}`,
    ),
    publicKeyHash: spkiHash(csr.spki),
  };
}

function subjectFacts(fields: SubjectFields & { commonName?: string }): SubjectFacts {
  return {
    commonName: fields.commonName ?? '',
    serialNumber: fields.serialNumber ?? '',
    organizations: fields.organizations ?? [],
    countries: fields.countries ?? [],
    localities: fields.localities ?? [],
    organizationalUnits: fields.organizationalUnits ?? [],
    postalCodes: fields.postalCodes ?? [],
    provinces: fields.provinces ?? [],
    streetAddresses: fields.streetAddresses ?? [],
  };
}
