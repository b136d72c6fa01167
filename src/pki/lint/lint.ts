/** Looks a certificate over before it is signed and after it is received. */

import type { KeyObject } from 'node:crypto';

import { PkiError } from '../errors.ts';
import { CertificateView } from './certificate-view.ts';
import type { Finding, LintProfile, Rule } from './finding.ts';
import { altNameRules } from './rules/alt-names.ts';
import { cabfRules } from './rules/cabf.ts';
import { extensionRules } from './rules/extensions.ts';
import { fieldRules } from './rules/fields.ts';
import { keyRules } from './rules/keys.ts';
import { nameRules } from './rules/names.ts';
import { usageRules } from './rules/usages.ts';

export type { Finding, LintProfile, Severity } from './finding.ts';

const RFC5280: readonly Rule[] = [
  ...fieldRules,
  ...nameRules,
  ...altNameRules,
  ...extensionRules,
  ...usageRules,
  ...keyRules,
];

/** The rules of each profile, in the order of their findings. */
export const lintRules: Readonly<Record<LintProfile, readonly Rule[]>> = {
  rfc5280: RFC5280,
  cabf: [...RFC5280, ...cabfRules],
};

export interface LintOptions {
  readonly profile: LintProfile;
  /** The key in the certificate, when the caller has loaded it already. */
  readonly publicKey?: KeyObject;
}

/**
 * All findings, in the order of the rules; none for a certificate that breaks none.
 *
 * @param certificate DER of a Certificate, of a TBSCertificate that is about to be signed, or a parsed certificate
 */
export function lint(
  certificate: Uint8Array | { readonly der: Uint8Array },
  options: LintOptions,
): Finding[] {
  const der = certificate instanceof Uint8Array ? certificate : certificate.der;
  let view: CertificateView;
  try {
    view = new CertificateView(der, options.publicKey);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    const message = `the certificate cannot be read: ${error.message}`;
    return [{ code: 'certificate_malformed', severity: 'error', source: 'RFC 5280 §4.1', message }];
  }
  return lintRules[options.profile].flatMap((rule) => apply(rule, view));
}

function apply({ code, severity, source, check }: Rule, view: CertificateView): Finding[] {
  try {
    const message = check(view);
    return message === undefined ? [] : [{ code, severity, source, message }];
  } catch (error) {
    // What cannot be read has been reported by the rule over its form: `extension_malformed`, `name_malformed`, …
    if (error instanceof PkiError) return [];
    throw error;
  }
}

/** Those findings that a certificate must be refused for. */
export function refusals(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

/** The annotation on a Certificate or an issuer that asks for more than RFC 5280; its value is a profile. */
export const lintAnnotation = 'certwright.dev/lint';

/** The profile that an annotation's value asks for; undefined for a value that is no profile. Absent means RFC 5280. */
export function lintProfileOf(value: string | undefined): LintProfile | undefined {
  if (value === undefined || value === '') return 'rfc5280';
  return value === 'rfc5280' || value === 'cabf' ? value : undefined;
}
