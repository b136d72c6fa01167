/** Whose fault a problem of an ACME CA is (RFC 8555 §6.7): only the CA's own troubles are a reason to ask another one. */
import { acmeErrorPrefix } from '../../../acme/errors.ts';

/**
 * `ca`: the CA, or our account with it, cannot work. `rate`: it could, later. `subscriber`: names, keys, DNS or the
 * request are at fault, and the next CA would only say the same.
 */
export type ProblemClass = 'ca' | 'rate' | 'subscriber';

const ofTheCa: ReadonlySet<string> = new Set([
  'serverInternal',
  'badNonce',
  'orderNotReady',
  'accountDoesNotExist',
  'externalAccountRequired',
  'userActionRequired',
]);

/** @param type as an Order's `status.problem` has it; undefined where nobody wrote it down */
export function problemClass(type: string | undefined): ProblemClass | undefined {
  if (type === undefined || type === '') return undefined;
  // No answer, or one that is no problem document (RFC 9457 §4.2.1).
  if (type === 'about:blank') return 'ca';
  if (!type.startsWith(acmeErrorPrefix)) return 'subscriber';
  const word = type.slice(acmeErrorPrefix.length);
  if (word === 'rateLimited') return 'rate';
  return ofTheCa.has(word) ? 'ca' : 'subscriber';
}
