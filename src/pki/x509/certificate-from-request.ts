/** The certificate that the CA and SelfSigned issuers make of a CSR, byte rule by byte rule (lifecycle §13, §14). */
import { randomBytes } from 'node:crypto';
import { oids } from '../asn1/oids.ts';
import { CsrError } from '../errors.ts';
import {
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  crlDistributionPointsExtension,
  encodeExtension,
  extKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifier,
  subjectKeyIdentifierExtension,
} from './extensions.ts';
import { isKnownExtKeyUsage, keyUsagesOf } from './key-usage.ts';
import { isEmptyName } from './name.ts';
import { csrContradiction, verifyCsrSignature, type ParsedCsr } from './parse-csr.ts';
import { signCertificate, type CertificateSigner, type CertificateTemplate } from './sign-certificate.ts';

/** What a CertificateRequest and its issuer say beside the CSR. */
export interface CertificateAsk {
  csr: ParsedCsr;
  /** The current time, milliseconds since 1970; becomes notBefore, cut to the second, without backdating. */
  now: number;
  /** `spec.duration` in milliseconds. Default 90 days. */
  duration?: number;
  isCA?: boolean;
  usages?: readonly string[];
  /** The usages and nothing beside them: a CA gets no cert sign of itself (CertificateSigningRequests, lifecycle §24). */
  exactUsages?: boolean;
  ocspServers?: readonly string[];
  issuingCertificateUrls?: readonly string[];
  crlDistributionPoints?: readonly string[];
  /** Source of randomness for the serial number. Default: node:crypto. */
  random?: (size: number) => Buffer;
}

export const defaultDuration = 90 * 24 * 3600 * 1000;

/**
 * Checks the CSR (signature, agreement with `isCA` and `usages`) and derives what will be signed.
 * @throws CsrError, UsageError, NameError, KeyError: "the template is wrong", as opposed to a failure to sign
 */
export function templateFromRequest(ask: CertificateAsk, signer: CertificateSigner): CertificateTemplate {
  const { csr } = ask;
  verifyCsrSignature(csr);
  const contradiction = csrContradiction(csr, ask);
  if (contradiction !== undefined) throw new CsrError(contradiction);
  const notBefore = Math.floor(ask.now / 1000) * 1000;
  return {
    serial: newSerial(ask.random ?? randomBytes),
    subjectDer: csr.subjectDer,
    notBefore,
    notAfter: notBefore + (ask.duration ?? defaultDuration),
    spki: csr.spki,
    extensions: certificateExtensions(ask, signer),
  };
}

/** {@link templateFromRequest} and {@link signCertificate} in one; gives DER. */
export async function certificateFromRequest(
  ask: CertificateAsk,
  signer: CertificateSigner,
): Promise<Buffer> {
  return signCertificate(templateFromRequest(ask, signer), signer);
}

/** 20 random bytes with the top bit cleared. */
function newSerial(random: (size: number) => Buffer): Buffer {
  const serial = Buffer.from(random(20));
  serial[0] = (serial[0] ?? 0) & 0x7f;
  return serial;
}

/** KU, EKU, basicConstraints, SKI, AKI, AIA, nameConstraints, CDP, SAN; whatever else the CSR asks is dropped. */
function certificateExtensions(ask: CertificateAsk, signer: CertificateSigner): Buffer[] {
  const { csr } = ask;
  const isCA = ask.isCA ?? false;
  const usages = keyUsagesOf(ask.usages, isCA && ask.exactUsages !== true);
  const foreign = (csr.extKeyUsage ?? []).filter((oid) => !isKnownExtKeyUsage(oid));
  const constraints = csr.extensions.find(({ oid }) => oid === oids.nameConstraints);
  const altName = csr.extensions.find(({ oid }) => oid === oids.subjectAltName);
  const all = [
    keyUsageExtension(usages.keyUsage),
    extKeyUsageExtension([...usages.extKeyUsage, ...foreign]),
    basicConstraintsExtension(isCA),
    isCA ? subjectKeyIdentifierExtension(subjectKeyIdentifier(csr.spki)) : undefined,
    authorityKeyIdentifier(csr, signer),
    authorityInfoAccessExtension(ask.ocspServers ?? [], ask.issuingCertificateUrls ?? []),
    constraints && encodeExtension(oids.nameConstraints, constraints.critical, constraints.value),
    crlDistributionPointsExtension(ask.crlDistributionPoints ?? []),
    // The value is the requester's, byte for byte; only the criticality is ours (RFC 5280 §4.2.1.6).
    altName && encodeExtension(oids.subjectAltName, isEmptyName(csr.subjectDer), altName.value),
  ];
  return all.filter((extension) => extension !== undefined);
}

/** The signing certificate's SKI when it has one and subject and issuer differ; otherwise absent. */
function authorityKeyIdentifier(csr: ParsedCsr, { certificate }: CertificateSigner): Buffer | undefined {
  const identifier = certificate?.subjectKeyId;
  if (certificate === undefined || identifier === undefined || identifier.length === 0) return undefined;
  if (certificate.subjectDer.equals(csr.subjectDer)) return undefined;
  return authorityKeyIdentifierExtension(identifier);
}
