/** What can go wrong while a decision about a Certificate is carried out, beside what the API server says. */

export type CertificateErrorCode =
  | 'certificate/keystore-password'
  | 'certificate/request-name-taken'
  | 'certificate/request-invalid'
  | 'certificate/changed';

export class CertificateActionError extends Error {
  readonly code: CertificateErrorCode;
  /** Whether trying again without a change to the Certificate can help. */
  readonly retryable: boolean;

  constructor(code: CertificateErrorCode, retryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

/** A keystore is wanted whose password is not there. */
export class KeystorePasswordError extends CertificateActionError {
  /** True when the Secret itself is missing, not only its entry. */
  readonly secretMissing: boolean;

  constructor(message: string, secretMissing: boolean) {
    super('certificate/keystore-password', true, message);
    this.secretMissing = secretMissing;
  }
}

/** The name that the next request must have belongs to an object of somebody else. */
export class RequestNameTakenError extends CertificateActionError {
  constructor(name: string) {
    super(
      'certificate/request-name-taken',
      true,
      `CertificateRequest "${name}" exists and does not belong to this Certificate; delete it or rename the Certificate`,
    );
  }
}

/** No CSR can be made from the spec. */
export class RequestInvalidError extends CertificateActionError {
  constructor(cause: Error) {
    super(
      'certificate/request-invalid',
      false,
      `No CSR can be made from this Certificate: ${cause.message}; change its spec, until then nothing is tried`,
      { cause },
    );
  }
}

/** The world moved between decision and action; deciding again settles it. */
export class ChangedMeanwhileError extends CertificateActionError {
  constructor(message: string) {
    super('certificate/changed', true, message);
  }
}

/** The API server understood and said no. */
export function isRefusal(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 409 &&
    error.status !== 429
  );
}
