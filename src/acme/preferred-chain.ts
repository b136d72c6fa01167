/** Which of the chains that a CA offers is wanted (acme.md §5, preferredChain). */
import { PkiError } from '../pki/errors.ts';
import { fieldsOfName } from '../pki/x509/name.ts';
import { parseCertificates } from '../pki/x509/parse-certificate.ts';
import { AcmeCertificateError } from './errors.ts';

/**
 * Whether the last certificate of a chain was issued by a common name: exact, case-sensitive.
 * @param chain PEM, leaf first
 * @throws AcmeCertificateError for what is no chain
 */
export function endsAt(chain: string, commonName: string): boolean {
  try {
    const last = parseCertificates(chain).at(-1);
    // What Go prints as the issuer's common name: the last one of the name.
    return last !== undefined && fieldsOfName(last.issuer).commonName === commonName;
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause;
    throw new AcmeCertificateError(`The chain cannot be read: ${cause.message}`, { cause });
  }
}

/**
 * The chain to take. The default chain is looked at first, then each alternate in the order of the CA; alternates are
 * fetched only as far as needed. Nothing fits, or what would fit cannot be had: the default chain.
 * @param preferred common name of the issuer of the topmost certificate; empty or undefined: no preference
 * @param fetch undefined: the CA does not hand that one out
 */
export async function preferredChain(
  preferred: string | undefined,
  offered: { chain: string; alternates: readonly string[] },
  fetch: (url: string) => Promise<string | undefined>,
): Promise<string> {
  if (preferred === undefined || preferred === '' || endsAt(offered.chain, preferred)) return offered.chain;
  for (const url of offered.alternates) {
    const chain = await fetch(url);
    if (chain !== undefined && fits(chain, preferred)) return chain;
  }
  return offered.chain;
}

/** An alternate that cannot be read is none; the default chain was read before. */
function fits(chain: string, preferred: string): boolean {
  try {
    return endsAt(chain, preferred);
  } catch (error) {
    if (!(error instanceof AcmeCertificateError)) throw error;
    return false;
  }
}
