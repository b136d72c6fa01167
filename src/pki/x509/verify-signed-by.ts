/** Whether one certificate signed another: names, CA rights and the signature, never dates (lifecycle §16). */
import { PkiError } from '../errors.ts';
import { keyUsageBits } from './key-usage.ts';
import type { ParsedCertificate } from './parse-certificate.ts';
import { verifyBytes } from './signature-algorithm.ts';

/** True when parent may sign certificates: the CA flag for version 3, and keyCertSign where key usage is present. */
export function maySign(parent: ParsedCertificate): boolean {
  if (parent.version === 3 && !parent.isCA) return false;
  return parent.keyUsage === undefined || (parent.keyUsage & keyUsageBits.certSign) !== 0;
}

/**
 * True when `parent` is the issuer of `child`: child's issuer is parent's subject byte for byte, parent may sign, and
 * its key verifies child's signature. Unknown and insecure algorithms count as not verified.
 */
export function verifySignedBy(child: ParsedCertificate, parent: ParsedCertificate): boolean {
  if (!child.issuerDer.equals(parent.subjectDer) || !maySign(parent)) return false;
  try {
    return verifyBytes(child.signatureAlgorithm, parent.publicKey, child.tbs, child.signature);
  } catch (error) {
    if (error instanceof PkiError) return false;
    throw error;
  }
}

/** True for a CA certificate that its own key signed. */
export function isSelfSigned(certificate: ParsedCertificate): boolean {
  return verifySignedBy(certificate, certificate);
}
