/** What can be wrong with the material that an issuer signs with. */

export type IssuerErrorCode = 'issuer/no-data' | 'issuer/invalid-data';

/** Base of this room's errors. Messages go into conditions: they never hold key material. */
export class IssuerError extends Error {
  readonly code: IssuerErrorCode;
  readonly retryable: boolean = false;
  constructor(code: IssuerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** A Secret that should hold a key pair does not, or holds a damaged one: somebody has to change the Secret. */
export class KeyPairError extends IssuerError {}
