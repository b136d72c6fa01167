/** Linting before signing: which profile counts, and what the findings do to a request. */
import type { KeyObject } from 'node:crypto';
import { lint, lintAnnotation, lintProfileOf, refusals, type Finding } from '../pki/lint/lint.ts';
import type { AnyIssuer, SignEvent, SigningRequest } from './issuer.ts';

export interface LintVerdict {
  /** Set when the certificate is invalid and must not be signed. */
  refusal?: string;
  /** At most one, with everything in it. Notices stay out: the default usages of an ECDSA certificate earn one. */
  warnings: SignEvent[];
}

/**
 * Looks over what is about to be signed. The annotation on the Certificate (copied to its request) or on the issuer
 * asks for more than RFC 5280; the stricter of the two counts.
 * @param tbs DER of the TBSCertificate
 * @param publicKey the key in it
 */
export function lintBeforeSigning(
  tbs: Uint8Array,
  request: SigningRequest,
  issuer: AnyIssuer,
  publicKey: KeyObject,
): LintVerdict {
  const messages: string[] = [];
  let profile: 'rfc5280' | 'cabf' = 'rfc5280';
  for (const { metadata } of [request, issuer]) {
    const value = metadata?.annotations?.[lintAnnotation];
    const asked = lintProfileOf(value);
    if (asked === 'cabf') profile = 'cabf';
    else if (asked === undefined) {
      messages.push(
        `annotation ${lintAnnotation}: ${JSON.stringify(value?.slice(0, 64))} is no profile; use rfc5280 or cabf`,
      );
    }
  }
  const findings = lint(tbs, { profile, publicKey });
  const refused = refusals(findings);
  for (const finding of findings) {
    if (finding.severity === 'warning') messages.push(textOf(finding));
  }
  const warnings = warningsOf(messages);
  if (refused.length === 0) return { warnings };
  return {
    refusal: `The certificate would be invalid and was not signed: ${refused.map(textOf).join('; ')}`,
    warnings,
  };
}

/** `warnings` with one more thing to say in the same event; unchanged when there is nothing. */
export function addWarning(warnings: SignEvent[], message: string | undefined): SignEvent[] {
  if (message === undefined) return warnings;
  // The gravest first: long messages are cut.
  return warningsOf([message, ...warnings.map((warning) => warning.message)]);
}

/** One event for all of them: a certificate has only so many events to spend. */
function warningsOf(messages: readonly string[]): SignEvent[] {
  return messages.length === 0
    ? []
    : [{ type: 'Warning', reason: 'LintWarning', message: messages.join('; ') }];
}

function textOf({ code, source, message }: Finding): string {
  return `${message} (${code}, ${source})`;
}
