/** Looks over what an issuer outside this process answered before it reaches the Secret (design §6: linted after receipt). */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { lint, lintAnnotation, lintProfileOf, refusals } from '../../pki/lint/lint.ts';
import { decodePem, defaultPemLimits } from '../../pki/pem.ts';
import { parsed } from './secret-trim.ts';

/** Why the leaf must be refused; undefined when it may be used. Warnings refuse nothing. */
export function inspectAnswer(request: CertificateRequest, chainPem: Uint8Array): string | undefined {
  const blocks = parsed(() => decodePem(chainPem, defaultPemLimits.chain));
  if (!blocks.ok)
    return `The issuer's answer in CertificateRequest "${request.metadata?.name ?? ''}" cannot be read: ${blocks.error}`;
  const leaf = blocks.value[0];
  if (leaf === undefined)
    return `CertificateRequest "${request.metadata?.name ?? ''}" is Issued, but there is no certificate in its status.certificate`;
  const profile = lintProfileOf(request.metadata?.annotations?.[lintAnnotation]) ?? 'rfc5280';
  const errors = refusals(lint(leaf.der, { profile }));
  if (errors.length === 0) return undefined;
  const found = errors.map(({ message, source }) => `${message} (${source})`).join('; ');
  return `The issuer's certificate in CertificateRequest "${request.metadata?.name ?? ''}" is one that clients may reject: ${found}`;
}
