/** CA bundles inside issuers: at least one certificate must be readable (spec/api.md §12, §14). */
import { defaultPemLimits, decodePem } from '../pki/pem.ts';
import { PkiError } from '../pki/errors.ts';
import { parseCertificate } from '../pki/x509/parse-certificate.ts';

/** What is wrong with the base64 of a PEM bundle, or undefined. */
export function caBundleProblem(base64: string): string | undefined {
  try {
    const blocks = decodePem(Buffer.from(base64, 'base64'), defaultPemLimits.bundle);
    if (blocks.some(({ label, der }) => label === 'CERTIFICATE' && isCertificate(der))) return undefined;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return `is no usable bundle of PEM certificates: ${error.message}`;
  }
  return 'has no valid certificate in it; give PEM with -----BEGIN CERTIFICATE-----';
}

function isCertificate(der: Buffer): boolean {
  try {
    parseCertificate(der);
    return true;
  } catch (error) {
    if (error instanceof PkiError) return false;
    throw error;
  }
}
