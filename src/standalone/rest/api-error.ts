/** Refusals as Kubernetes words them: a meta/v1 Status with code, reason, details and causes. */
import type { FieldError } from '../../api/admission.ts';
import type { Status } from '../../api/meta.ts';
import { fieldErrorWords, showsValue } from '../../api/field-error-words.ts';
import { withoutPrivateKeys } from '../../api/private-key-text.ts';
import { StandaloneError } from '../errors.ts';

type Details = NonNullable<Status['details']>;

/** The coordinates that error texts name. */
export interface ErrorTarget {
  group: string;
  plural: string;
  kind: string;
}

/** An answer other than success. `status` is the response body. */
export class ApiError extends StandaloneError {
  readonly status: Status;

  constructor(httpCode: number, reason: string, message: string, details?: Details) {
    super(`ERR_API_${reason.toUpperCase()}`, message, {
      retryable: httpCode === 409 || httpCode === 429 || httpCode >= 500,
    });
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code: httpCode,
    };
  }

  get httpCode(): number {
    return this.status.code ?? 500;
  }
}

function qualified(target: ErrorTarget): string {
  return target.group === '' ? target.plural : `${target.plural}.${target.group}`;
}

function detailsOf(target: ErrorTarget, name: string, kind = target.plural): Details {
  return { ...(name === '' ? {} : { name }), ...(target.group === '' ? {} : { group: target.group }), kind };
}

export function notFound(target: ErrorTarget, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(target)} "${name}" not found`, detailsOf(target, name));
}

/** The path itself leads nowhere. `why`: where another server would have something. */
export function noSuchPath(why?: string): ApiError {
  return new ApiError(404, 'NotFound', why ?? 'the server could not find the requested resource', {});
}

export function alreadyExists(target: ErrorTarget, name: string): ApiError {
  return new ApiError(
    409,
    'AlreadyExists',
    `${qualified(target)} "${name}" already exists`,
    detailsOf(target, name),
  );
}

export function conflict(target: ErrorTarget, name: string, why = MODIFIED): ApiError {
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(target)} "${name}": ${why}`,
    detailsOf(target, name),
  );
}

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** What strict field validation does not take. kube-apiserver names unknown fields in the message only. */
export function strictDecoding(
  target: { kind: string; version: string },
  duplicates: readonly string[],
  unknown: readonly string[],
): ApiError {
  const { kind, version } = target;
  const texts = [...duplicates, ...unknown.map((path) => `unknown field "${path}"`)];
  const causes = unknown.map((field) => ({ reason: 'UnknownField', message: 'unknown field', field }));
  return new ApiError(
    400,
    'BadRequest',
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(', ')}`,
    // Whoever knows the causes prints them alone: they must be all there is to say.
    duplicates.length > 0 ? undefined : { causes },
  );
}

export function forbidden(
  target: ErrorTarget,
  name: string,
  why: string,
  causes?: Details['causes'],
): ApiError {
  return new ApiError(403, 'Forbidden', `${qualified(target)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(target, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

export function expired(requested: number, horizon: number): ApiError {
  return new ApiError(
    410,
    'Expired',
    `too old resource version: ${requested} (${horizon + 1}): list again and watch from there`,
  );
}

export function methodNotAllowed(target?: ErrorTarget): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    target === undefined ? {} : detailsOf(target, ''),
  );
}

export function tooLarge(limit: number): ApiError {
  return new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

export function tooManyRequests(message: string): ApiError {
  return new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });
}

export function unsupportedMediaType(given: string, accepted: readonly string[]): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${given}) - accepted media types include: ${accepted.join(', ')}`,
  );
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${accepted.join(', ')}`,
  );
}

export function internal(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** A server-side apply that would take fields from other managers. */
export function applyConflict(causes: readonly { manager: string; field: string }[]): ApiError {
  const lines = causes.map((c) => `conflict with ${c.manager}: ${c.field}`);
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  return new ApiError(
    409,
    'Conflict',
    causes.length === 1
      ? `Apply failed with ${count}: ${lines[0]}`
      : `Apply failed with ${count}: ${groupConflicts(causes)}`,
    {
      causes: causes.map((c) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${c.manager}`,
        field: c.field,
      })),
    },
  );
}

function groupConflicts(causes: readonly { manager: string; field: string }[]): string {
  const byManager = Map.groupBy(causes, (c) => c.manager);
  return [...byManager]
    .map(([manager, of]) => `conflicts with ${manager}:\n${of.map((c) => `- ${c.field}`).join('\n')}`)
    .join('\n');
}

/** One refused field without its path: `Invalid value: "x": must be …` (apimachinery field.Error). */
export function fieldErrorBody(error: FieldError): string {
  const words = fieldErrorWords[error.type];
  const value =
    showsValue(error) && error.value !== undefined ? `: ${bounded(JSON.stringify(error.value))}` : '';
  return withoutPrivateKeys(`${words}${value}${error.detail === '' ? '' : `: ${error.detail}`}`);
}

/** Hostile values must not come back megabytes long. */
function bounded(text: string): string {
  return text.length <= 1024 ? text : `${text.slice(0, 1024)}…`;
}

export function fieldErrorText(error: FieldError): string {
  return error.path === '' ? fieldErrorBody(error) : `${error.path}: ${fieldErrorBody(error)}`;
}

export function invalid(target: ErrorTarget, name: string, errors: readonly FieldError[]): ApiError {
  const texts = [...new Set(errors.map(fieldErrorText))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const kind = target.group === '' ? target.kind : `${target.kind}.${target.group}`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    ...detailsOf(target, name, target.kind),
    causes: errors.slice(0, 256).map((error) => ({
      reason: `FieldValue${error.type}`,
      message: fieldErrorBody(error),
      field: error.path === '' ? '<nil>' : error.path,
    })),
  });
}

/** Query parameters or a DeleteOptions body that Kubernetes validates as an object of meta.k8s.io. */
export function invalidOptions(
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions',
  error: FieldError,
): ApiError {
  return invalid({ group: 'meta.k8s.io', plural: kind, kind }, '', [error]);
}
