/** Bounds the work that a store may ask of whoever opens it: its iteration counts are chosen by a stranger. */

import { KeystoreError } from './keystore-error.ts';

/** Enough for a store of a dozen parts as OpenSSL, Java or Windows write them; about half a second of CPU. */
const MAX_ITERATIONS = 1_000_000;

export class IterationBudget {
  #left = MAX_ITERATIONS;

  /** @throws KeystoreError `unsupported` when the store as a whole asks for too much */
  spend(iterations: number): number {
    this.#left -= iterations;
    if (iterations < 1) throw new KeystoreError('malformed', 'The store asks for zero iterations');
    if (this.#left < 0) {
      throw new KeystoreError('unsupported', `The store asks for more than ${MAX_ITERATIONS} iterations`);
    }
    return iterations;
  }
}
