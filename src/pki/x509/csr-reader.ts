/** Certificate signing requests that several parts of one process look at within a moment, parsed and verified once. */
import type { KeyObject } from 'node:crypto';
import { publicKeyOf } from '../keys.ts';
import { parseCsr, parseOwnCsr, type ParsedCsr } from './parse-csr.ts';

/** Enough for the requests that are under way at once. */
const remembered = 64;
/** Longer ones are read each time: a stranger decides how long they are. */
const longestRemembered = 8192;

/**
 * Admission, the signer and the controller each need the CSR of the same request. What is remembered goes by the whole
 * text, so an answer is never about other bytes; a CSR that cannot be read is not remembered.
 */
export class CsrReader {
  readonly #recent = new Map<string, ParsedCsr>();

  /**
   * @param base64 `spec.request` of a CertificateRequest: base64 of PEM
   * @throws CsrError, PemError, TooLargeError
   */
  read(base64: string): ParsedCsr {
    const known = this.#recent.get(base64);
    if (known !== undefined) return known;
    const csr = parseCsr(Buffer.from(base64, 'base64'));
    this.#remember(base64, csr);
    return csr;
  }

  /**
   * A CSR that this process is about to hand in: it will not be verified, since it was signed here with `key`. Should it be
   * forgotten before it is asked for, it is read like a stranger's.
   * @throws CsrError for one that is longer than what is accepted
   */
  signed(base64: string, key: KeyObject): ParsedCsr {
    const csr = parseOwnCsr(Buffer.from(base64, 'base64'), publicKeyOf(key));
    this.#remember(base64, csr);
    return csr;
  }

  #remember(base64: string, csr: ParsedCsr): void {
    if (base64.length > longestRemembered) return;
    this.#recent.set(base64, csr);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > remembered) this.#recent.delete(oldest!);
  }
}
