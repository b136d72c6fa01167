/** What can go wrong while a challenge is presented, checked or taken away. */

export type SolverErrorCode =
  /** The solver's configuration cannot work: somebody has to change the issuer. */
  | 'solver/configuration'
  /** This process cannot solve that type of challenge: a flag or a listener is missing. */
  | 'solver/not-served'
  /** Something that the solver refers to is missing or refuses: an Ingress, a Gateway, a Secret, rights. */
  | 'solver/reference'
  /** An object that the solver needs is somebody else's. */
  | 'solver/conflict'
  /** A service in between (API server, DNS provider, network) failed; trying again may help. */
  | 'solver/unavailable';

/**
 * Base of this room's errors. Messages reach `status.reason` and events: bounded by whoever shows them, free of key
 * authorizations, credentials and request ids of vendors (an id that changes with each attempt would make each attempt
 * a change of status, and each change of status an attempt).
 */
export class SolverError extends Error {
  readonly code: SolverErrorCode;
  /** False: the same attempt fails again until somebody changes something. It is tried again all the same, less often. */
  readonly retryable: boolean;
  /** What the far side asked for, in milliseconds from now. */
  readonly retryAfterMs?: number;
  constructor(
    code: SolverErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? code === 'solver/unavailable';
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** The solver section of the Challenge cannot be used as it is written. */
export class SolverConfigurationError extends SolverError {
  constructor(message: string, cause?: unknown) {
    super('solver/configuration', message, { cause });
  }
}

/** This process has nothing that solves that. */
export class SolverNotServedError extends SolverError {
  constructor(message: string) {
    super('solver/not-served', message);
  }
}

/** What the solver refers to is missing. */
export class SolverReferenceError extends SolverError {
  constructor(message: string, cause?: unknown) {
    super('solver/reference', message, { cause });
  }
}

/** What the solver would have to change belongs to somebody else. */
export class SolverConflictError extends SolverError {
  constructor(message: string, cause?: unknown) {
    super('solver/conflict', message, { cause });
  }
}

/** Something in between failed. */
export class SolverUnavailableError extends SolverError {
  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super('solver/unavailable', message, options);
  }
}
