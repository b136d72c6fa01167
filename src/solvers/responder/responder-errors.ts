/** What can go wrong while answers are put where a CA can ask for them. */
import { SolverError } from '../errors.ts';

/** The table is full: something makes Challenges faster than anybody could solve them. */
export class TooManyAnswersError extends SolverError {
  readonly most: number;
  constructor(most: number) {
    super(
      'solver/unavailable',
      `this process answers ${most} challenges already, which is its limit: it is tried again when some are done`,
    );
    this.most = most;
  }
}

/** Another Challenge answers for the same name and token, with another key authorization. */
export class AnswerTakenError extends SolverError {
  constructor(domain: string) {
    super(
      'solver/conflict',
      `another Challenge for ${domain} has the same token (RFC 8555 §8.1: no CA gives one out twice), and keeps its answer until it is done`,
    );
  }
}

/** A web server tells files apart by the token alone: of two Challenges with one token, the first keeps its file. */
export class TokenTakenError extends SolverError {
  constructor(path: string) {
    super(
      'solver/conflict',
      `${path} holds the answer of another Challenge with the same token (RFC 8555 §8.1: no CA gives one out twice), or a file of somebody else: it is left alone, and this one waits until it is gone`,
    );
  }
}

/** The address that answers have to come from cannot be listened on. The message names the setting and the remedy. */
export class ListenError extends SolverError {
  /** `EADDRINUSE`, `EACCES`, ...; empty when the system gave none. */
  readonly reason: string;
  constructor(message: string, reason: string, cause: unknown) {
    super('solver/unavailable', message, { cause });
    this.reason = reason;
  }
}

/** The webroot folder cannot be written to. */
export class WebrootError extends SolverError {
  constructor(message: string, cause?: unknown) {
    super('solver/unavailable', message, { cause });
  }
}
