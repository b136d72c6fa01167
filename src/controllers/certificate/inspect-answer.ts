/** Looks over what an issuer outside this process answered before it reaches the Secret (design §6: linted after receipt). */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { lint, lintAnnotation, lintProfileOf, refusals } from '../../pki/lint/lint.ts';
import { decodePem, defaultPemLimits } from '../../pki/pem.ts';
import { parsed } from './secret-trim.ts';

/** Why the leaf must be refused; undefined when it may be used. Warnings refuse nothing. */
export function inspectAnswer(request: CertificateRequest, chainPem: Uint8Array): string | undefined {
  const blocks = parsed(() => decodePem(chainPem, defaultPemLimits.chain));
  if (!blocks.ok) return `Issuer returned an invalid certificate: failed to decode: ${blocks.error}`;
  const leaf = blocks.value[0];
  if (leaf === undefined)
    return 'Issuer returned an invalid certificate: there is none in status.certificate';
  const profile = lintProfileOf(request.metadata?.annotations?.[lintAnnotation]) ?? 'rfc5280';
  const errors = refusals(lint(leaf.der, { profile }));
  if (errors.length === 0) return undefined;
  const found = errors.map(({ message, source }) => `${message} (${source})`).join('; ');
  return `Issuer returned a certificate that clients may reject: ${found}`;
}
