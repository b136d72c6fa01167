/** Linting before signing: what the issuers ask of a linter, and what its findings do to a request. */
import type { CertificateRequest } from '../api/certificate-request.ts';
import type { CertificateSigner, CertificateTemplate } from '../pki/x509/sign-certificate.ts';
import type { SignEvent } from './issuer.ts';

/** Annotation on a Certificate or CertificateRequest that chooses the profile, such as `rfc5280` or `cabf`; `off` is none. */
export const lintAnnotation = 'certwright.dev/lint';

export interface LintFinding {
  /** Only errors refuse. */
  severity: 'error' | 'warning';
  /** Such as `rfc5280/serial-too-long`. */
  code: string;
  message: string;
}

/** Judges the certificate that is about to be signed; `profile` is the annotation's value. */
export type LintCertificate = (
  template: CertificateTemplate,
  signer: CertificateSigner,
  profile: string | undefined,
) => readonly LintFinding[];

export interface LintVerdict {
  /** Set when the certificate is invalid and must not be signed. */
  refusal?: string;
  warnings: SignEvent[];
}

/** Findings as the request will show them: errors refuse with SigningError, warnings travel with the certificate. */
export function lintOf(
  lint: LintCertificate | undefined,
  request: CertificateRequest,
  template: CertificateTemplate,
  signer: CertificateSigner,
): LintVerdict {
  const profile = request.metadata?.annotations?.[lintAnnotation];
  if (lint === undefined || profile === 'off') return { warnings: [] };
  const findings = lint(template, signer, profile);
  const text = ({ code, message }: LintFinding): string => `${message} (${code})`;
  const errors = findings.filter((finding) => finding.severity === 'error').map(text);
  const warnings = findings
    .filter((finding) => finding.severity === 'warning')
    .map((finding): SignEvent => ({ type: 'Warning', reason: 'LintWarning', message: text(finding) }));
  if (errors.length === 0) return { warnings };
  return { refusal: `The certificate would be invalid and was not signed: ${errors.join('; ')}`, warnings };
}
