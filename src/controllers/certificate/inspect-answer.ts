/** Looks over what an issuer outside this process answered before it reaches the Secret (design §6: linted after receipt). */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { lint, lintAnnotation, lintProfileOf, refusals, type Finding } from '../../pki/lint/lint.ts';
import { decodePem, defaultPemLimits } from '../../pki/pem.ts';
import { parsed } from './secret-trim.ts';

export interface Inspection {
  /** Why the leaf must be refused; undefined when it may be used. */
  refusal?: string;
  /** What the user should know although it is used. Empty when it is refused. */
  warnings: readonly string[];
}

export function inspectAnswer(request: CertificateRequest, chainPem: Uint8Array): Inspection {
  const refuse = (refusal: string): Inspection => ({ refusal, warnings: [] });
  const title = `CertificateRequest "${request.metadata?.name ?? ''}"`;
  const blocks = parsed(() => decodePem(chainPem, defaultPemLimits.chain));
  if (!blocks.ok) return refuse(`The issuer's answer in ${title} cannot be read: ${blocks.error}`);
  const leaf = blocks.value[0];
  if (leaf === undefined)
    return refuse(`${title} is Issued, but there is no certificate in its status.certificate`);
  const asked = request.metadata?.annotations?.[lintAnnotation];
  const profile = lintProfileOf(asked);
  const findings = lint(leaf.der, { profile: profile ?? 'rfc5280' });
  const errors = refusals(findings);
  if (errors.length > 0) {
    const found = errors.map(textOf).join('; ');
    return refuse(`The issuer's certificate in ${title} is one that clients may reject: ${found}`);
  }
  const warnings = findings.filter(({ severity }) => severity === 'warning').map(textOf);
  if (profile === undefined)
    warnings.push(
      `annotation ${lintAnnotation}: ${JSON.stringify(asked?.slice(0, 64))} is no profile; use rfc5280 or cabf`,
    );
  return { warnings };
}

function textOf({ message, source }: Finding): string {
  return `${message} (${source})`;
}
