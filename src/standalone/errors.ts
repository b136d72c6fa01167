/** Errors of the embedded server that are not answers to a request: storage, start and listening. */

export class StandaloneError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The database cannot be opened, read or written. */
export class StorageError extends StandaloneError {}

/** The server was asked to listen in a way that is not safe or not possible. */
export class ListenError extends StandaloneError {}

/** An object cannot be stored as it once stood; nothing was stored. */
export class RestoreError extends StandaloneError {}

/** The server was asked for something after `close()`. */
export class ClosedError extends StandaloneError {
  constructor() {
    super('ERR_SERVER_CLOSED', 'the embedded API server has been closed');
  }
}
