/** What can go wrong between us and an API server, as types that say whether trying again can help. */
import type { Status } from '../api/meta.ts';

export type KubeErrorCode =
  | 'kube/bad-request'
  | 'kube/unauthorized'
  | 'kube/forbidden'
  | 'kube/not-found'
  | 'kube/method-not-allowed'
  | 'kube/already-exists'
  | 'kube/conflict'
  | 'kube/gone'
  | 'kube/too-large'
  | 'kube/invalid'
  | 'kube/unsupported-media-type'
  | 'kube/too-many-requests'
  | 'kube/timeout'
  | 'kube/server-error'
  | 'kube/transport'
  | 'kube/protocol'
  | 'kube/configuration'
  | 'kube/credentials';

export interface KubeErrorFields {
  /** HTTP status; 0 when no answer came. */
  status?: number;
  /** `reason` of the Status object, such as `AlreadyExists`. */
  reason?: string;
  details?: Status['details'];
  /** How long the server asks us to wait. */
  retryAfterMs?: number;
  /** `GET /api/v1/...`, without query and without secrets. */
  request?: string;
  cause?: unknown;
}

/** Base of every error of this room. `code` is stable; messages are for people. */
export class KubeError extends Error {
  readonly code: KubeErrorCode;
  /** Whether the same request can succeed later without anybody changing it. */
  readonly retryable: boolean;
  readonly status: number;
  readonly reason: string | undefined;
  readonly details: Status['details'];
  readonly retryAfterMs: number | undefined;
  readonly request: string | undefined;

  constructor(code: KubeErrorCode, retryable: boolean, message: string, fields: KubeErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    this.status = fields.status ?? 0;
    this.reason = fields.reason;
    this.details = fields.details;
    this.retryAfterMs = fields.retryAfterMs;
    this.request = fields.request;
  }

  /** Refused fields, as the server named them. */
  get causes(): readonly { reason?: string; message?: string; field?: string }[] {
    return this.details?.causes ?? [];
  }
  /** Nothing can be created any more because the namespace is being deleted (core/v1 `NamespaceTerminatingCause`). */
  get namespaceTerminating(): boolean {
    return this.causes.some(({ reason }) => reason === 'NamespaceTerminating');
  }
}

export class BadRequestError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/bad-request', false, message, fields);
  }
}
export class UnauthorizedError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/unauthorized', true, message, fields);
  }
}
export class ForbiddenError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/forbidden', false, message, fields);
  }
}
export class NotFoundError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/not-found', false, message, fields);
  }
}
export class MethodNotAllowedError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/method-not-allowed', false, message, fields);
  }
}
export class AlreadyExistsError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/already-exists', false, message, fields);
  }
}
/** Somebody else wrote first, or owns an applied field: read again and decide again. */
export class ConflictError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/conflict', true, message, fields);
  }
}
/** The resourceVersion or the continue token is older than what the server remembers. */
export class GoneError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/gone', true, message, fields);
  }
}
export class TooLargeError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/too-large', false, message, fields);
  }
}
export class InvalidError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/invalid', false, message, fields);
  }
}
export class UnsupportedMediaTypeError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/unsupported-media-type', false, message, fields);
  }
}
export class TooManyRequestsError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/too-many-requests', true, message, fields);
  }
}
/** The server, or our own deadline, gave up waiting. */
export class TimeoutError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/timeout', true, message, fields);
  }
}
export class ServerError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/server-error', true, message, fields);
  }
}
/** No answer: refused, reset, name not found, certificate not trusted. */
export class TransportError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/transport', true, message, fields);
  }
}
/** An answer that is not what the Kubernetes API promises: not JSON, too long, no object. */
export class ProtocolError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/protocol', true, message, fields);
  }
}
/** A kubeconfig or in-cluster environment that cannot be used. */
export class ConfigurationError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/configuration', false, message, fields);
  }
}
/** Credentials could not be obtained: token file unreadable, exec plugin failed. */
export class CredentialsError extends KubeError {
  constructor(message: string, fields?: KubeErrorFields) {
    super('kube/credentials', true, message, fields);
  }
}

type ErrorClass = new (message: string, fields?: KubeErrorFields) => KubeError;

/** apimachinery meta/v1 StatusReason; the reason decides before the HTTP code does. */
const byReason: Readonly<Record<string, ErrorClass>> = {
  BadRequest: BadRequestError,
  Unauthorized: UnauthorizedError,
  Forbidden: ForbiddenError,
  NotFound: NotFoundError,
  MethodNotAllowed: MethodNotAllowedError,
  AlreadyExists: AlreadyExistsError,
  Conflict: ConflictError,
  Gone: GoneError,
  Expired: GoneError,
  RequestEntityTooLarge: TooLargeError,
  Invalid: InvalidError,
  UnsupportedMediaType: UnsupportedMediaTypeError,
  NotAcceptable: UnsupportedMediaTypeError,
  TooManyRequests: TooManyRequestsError,
  Timeout: TimeoutError,
  ServerTimeout: TimeoutError,
  InternalError: ServerError,
  ServiceUnavailable: ServerError,
};

const byStatus: Readonly<Record<number, ErrorClass>> = {
  400: BadRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  405: MethodNotAllowedError,
  406: UnsupportedMediaTypeError,
  408: TimeoutError,
  409: ConflictError,
  410: GoneError,
  413: TooLargeError,
  415: UnsupportedMediaTypeError,
  422: InvalidError,
  429: TooManyRequestsError,
  504: TimeoutError,
};

/** Turns a Status object (or a bare HTTP code, when the body was none) into the error it stands for. */
export function errorFromStatus(
  status: Status,
  context: { status?: number; request?: string; retryAfterMs?: number } = {},
): KubeError {
  const code = status.code ?? context.status ?? 0;
  const fallback = code >= 500 || code === 0 ? ServerError : BadRequestError;
  const Class = byReason[status.reason ?? ''] ?? byStatus[code] ?? fallback;
  const seconds = status.details?.retryAfterSeconds;
  return new Class(status.message ?? `the API server answered ${code} and gave no reason`, {
    status: code,
    reason: status.reason,
    details: status.details,
    retryAfterMs: context.retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000),
    request: context.request,
  });
}
