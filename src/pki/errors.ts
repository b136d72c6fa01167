/** Every error that the pki room raises: one base, one subclass per cause, a stable code on each. */

export type PkiErrorCode =
  | 'ERR_PKI_DER'
  | 'ERR_PKI_PEM'
  | 'ERR_PKI_TOO_LARGE'
  | 'ERR_PKI_KEY'
  | 'ERR_PKI_NAME'
  | 'ERR_PKI_USAGE'
  | 'ERR_PKI_CSR'
  | 'ERR_PKI_CERTIFICATE'
  | 'ERR_PKI_SIGNATURE'
  | 'ERR_PKI_CHAIN'
  | 'ERR_PKI_KEYSTORE';

/** Base of the room's errors. The same bytes fail the same way again, so none of them is worth a retry. */
export class PkiError extends Error {
  readonly code: PkiErrorCode;
  readonly retryable: boolean = false;

  constructor(code: PkiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Bytes that are not strict DER (X.690 §10), or not the structure that was expected. */
export class DerError extends PkiError {
  /** Position of the offending byte, counted from the start of the outermost input. */
  readonly offset: number;

  constructor(message: string, offset: number, options?: ErrorOptions) {
    super('ERR_PKI_DER', `${message} (byte ${offset})`, options);
    this.offset = offset;
  }
}

/** Text that is not PEM (RFC 7468), or not the block that was expected. */
export class PemError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_PEM', message, options);
  }
}

/** Input beyond its size limit; refused before it is looked at. */
export class TooLargeError extends PkiError {
  readonly limit: number;
  readonly actual: number;

  constructor(what: string, limit: number, actual: number) {
    super('ERR_PKI_TOO_LARGE', `${what} is ${actual} bytes, the maximum is ${limit}`);
    this.limit = limit;
    this.actual = actual;
  }
}

/** A key that cannot be used: wrong type, size or curve, damaged, or inconsistent with itself. */
export class KeyError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_KEY', message, options);
  }
}

/** A distinguished name, general name or name constraint that cannot be encoded or understood. */
export class NameError extends PkiError {
  /** The text at fault, cut to 256 characters. */
  readonly value: string;

  constructor(message: string, value: string, options?: ErrorOptions) {
    super('ERR_PKI_NAME', message, options);
    this.value = value.slice(0, 256);
  }
}

/** A usage string that has no meaning in X.509 (api.md §5). */
export class UsageError extends PkiError {
  readonly usage: string;

  constructor(usage: string) {
    super('ERR_PKI_USAGE', `"${usage.slice(0, 64)}" is not a known key usage`);
    this.usage = usage;
  }
}

/** A certificate signing request that is malformed or contradicts what is asked for beside it. */
export class CsrError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_CSR', message, options);
  }
}

/** A certificate that is malformed, or cannot be made as asked. */
export class CertificateError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_CERTIFICATE', message, options);
  }
}

/** A signature that does not verify, or an algorithm that is unknown or does not fit the key. */
export class SignatureError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_SIGNATURE', message, options);
  }
}

/** Certificates that do not form one chain. */
export class ChainError extends PkiError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PKI_CHAIN', message, options);
  }
}
