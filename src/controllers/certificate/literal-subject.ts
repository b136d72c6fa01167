/** `spec.literalSubject` as the DER that a CSR carries, for comparison. */
import { PkiError } from '../../pki/errors.ts';
import { parseLiteralSubject } from '../../pki/x509/literal-subject.ts';
import { encodeName } from '../../pki/x509/name.ts';

/** Base64; undefined when the text is no distinguished name, which then equals no CSR's subject. */
export function encodedLiteralSubject(text: string): string | undefined {
  try {
    return encodeName(parseLiteralSubject(text)).toString('base64');
  } catch (error) {
    if (error instanceof PkiError) return undefined;
    throw error;
  }
}
