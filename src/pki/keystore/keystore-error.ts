/** The error of the keystore folder: what is wrong with a store, its password or what should go into it. */

import { PkiError } from '../errors.ts';

/**
 * - `password`: it does not open the store, or cannot be expressed in it
 * - `integrity`: the store was changed after it was written
 * - `malformed`: the bytes are no store, or break its rules
 * - `unsupported`: a well-formed store that uses something we do not read
 * - `input`: what should be stored cannot be
 */
export type KeystoreFault = 'password' | 'integrity' | 'malformed' | 'unsupported' | 'input';

/** Never carries the password nor key bytes, in the message or in the cause. */
export class KeystoreError extends PkiError {
  readonly fault: KeystoreFault;

  constructor(fault: KeystoreFault, message: string, options?: ErrorOptions) {
    super('ERR_PKI_KEYSTORE', message, options);
    this.fault = fault;
  }
}
