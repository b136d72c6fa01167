/** What can go wrong with the certificate of a TLS server of ours. */

export type ServingErrorCode = 'serving/files-unreadable' | 'serving/bad-certificate';

/** Base of every error of this room. `code` is stable; messages are for people. */
export class ServingError extends Error {
  readonly code: ServingErrorCode;
  readonly retryable: boolean;

  constructor(code: ServingErrorCode, retryable: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

/** The files could not be used so often that a restart is the better way. */
export class UnreadableFilesError extends ServingError {
  constructor(message: string, cause?: unknown) {
    super('serving/files-unreadable', false, message, cause);
  }
}

/** Certificate and key cannot be read, or are not of each other. */
export class BadCertificateError extends ServingError {
  constructor(message: string, cause?: unknown) {
    super('serving/bad-certificate', true, message, cause);
  }
}
