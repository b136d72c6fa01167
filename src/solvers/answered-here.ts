/** Which answers never leave this process. */
import type { Solver } from '../api/solver.ts';

/**
 * Those go with the process and with the Challenge, so that nobody has to be kept from deleting one: they need no finalizer.
 * Where a webroot stands in for the listener, its journal knows what to remove.
 */
export function isAnsweredHere({ http01, tlsALPN01 }: Solver): boolean {
  return tlsALPN01 !== undefined || http01?.listener !== undefined;
}
