/** The chain that a CA hands out, checked before anybody stores it (RFC 8555 §7.4.2, §9.1). */
import { PkiError } from '../pki/errors.ts';
import { decodePem, encodePem } from '../pki/pem.ts';
import { AcmeProtocolError } from './errors.ts';

export const maxChainBytes = 1 << 20;
const maxCertificates = 10;

/**
 * PEM of nothing but certificates, leaf first, written anew: what stood between the blocks is gone.
 * @throws AcmeProtocolError for an empty or damaged chain, another kind of block, more than 10 certificates or 1 MiB
 */
export function readChain(body: Uint8Array): string {
  try {
    const blocks = decodePem(body, maxChainBytes);
    const other = blocks.find(({ label, hasHeaders }) => label !== 'CERTIFICATE' || hasHeaders);
    if (other !== undefined)
      throw new AcmeProtocolError(
        `The CA's chain holds a "${other.label}" block; only CERTIFICATE may be there`,
      );
    if (blocks.length === 0) throw new AcmeProtocolError("The CA's chain holds no certificate");
    if (blocks.length > maxCertificates)
      throw new AcmeProtocolError(
        `The CA's chain holds ${blocks.length} certificates; more than ${maxCertificates} are not taken`,
      );
    return blocks.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause;
    throw new AcmeProtocolError(`The CA's chain cannot be read: ${cause.message}`, { cause });
  }
}
