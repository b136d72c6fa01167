/** Reads request bodies: JSON or YAML objects with bounded depth, and delete options. */
import type { JsonObject } from '../resources/resource-entry.ts';
import { badRequest, invalidOptions, unsupportedMediaType } from './api-error.ts';
import { duplicateFields, mayHaveDuplicates, parseYamlBody } from './duplicate-fields.ts';
import type { ApiRequest } from './exchange.ts';
import type { DeleteRequest } from './object-deleter.ts';
import { PROTOBUF, protobufObject } from './protobuf-body.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const MAX_DEPTH = 100;
const ACCEPTED = ['application/json', 'application/yaml'];

export function mediaType(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

/**
 * The body as JSON. What is in it twice is told to `duplicates`, in Kubernetes' words.
 *
 * @throws ApiError 400 or 415
 */
export function jsonBody(request: ApiRequest, allowYaml = false, duplicates?: string[]): unknown {
  const type = mediaType(request);
  const { body } = request;
  if (body === undefined || body.length === 0) throw badRequest('the request has no body');
  let text: string;
  try {
    text = typeof body === 'string' ? body : utf8.decode(body);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!allowYaml && type !== 'application/yaml') {
      throw badRequest(`the body of the request is not valid JSON${placeOf(error)}`);
    }
    const read = yamlValue(text);
    value = read.value;
    duplicates?.push(...read.duplicates);
    text = '';
  }
  const members = countMembers(value, MAX_DEPTH);
  if (members === Infinity)
    throw badRequest(`the body of the request is nested deeper than ${MAX_DEPTH} levels`);
  if (duplicates !== undefined && text !== '' && mayHaveDuplicates(text, members)) {
    for (const path of duplicateFields(text)) duplicates.push(`duplicate field "${path}"`);
  }
  return value;
}

function bytesOf({ body = '' }: ApiRequest): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

function yamlValue(text: string): { value: unknown; duplicates: string[] } {
  try {
    return parseYamlBody(text);
  } catch (error) {
    throw badRequest(
      `the body of the request is neither JSON nor YAML: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** An object for create and update. @throws ApiError */
export function objectBody(request: ApiRequest, duplicates?: string[]): JsonObject {
  const type = mediaType(request);
  if (type === PROTOBUF) return protobufObject(bytesOf(request));
  if (type !== '' && !ACCEPTED.includes(type)) throw unsupportedMediaType(type, ACCEPTED);
  return asObject(jsonBody(request, false, duplicates));
}

export function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body of the request must be a JSON object');
  }
  return value as JsonObject;
}

/** How many members all objects of a value have together; Infinity when it is nested too deep. */
function countMembers(value: unknown, left: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (left === 0) return Infinity;
  const children = Object.values(value);
  let members = Array.isArray(value) ? 0 : children.length;
  for (const child of children) members += countMembers(child, left - 1);
  return members;
}

/** `dryRun=All` of the query. @throws ApiError 422 */
export function dryRunOf(
  values: readonly string[],
  options: Parameters<typeof invalidOptions>[0] = 'DeleteOptions',
): boolean {
  if (values.length === 0 || (values.length === 1 && values[0] === '')) return false;
  if (values.every((value) => value === 'All')) return true;
  throw invalidOptions(options, {
    path: 'dryRun',
    type: 'NotSupported',
    value: values.slice(0, 8).map((value) => value.slice(0, 64)),
    detail: 'supported values: "All"',
  });
}

function optionsBody(request: ApiRequest): JsonObject {
  if (request.body === undefined || request.body.length === 0) return {};
  return mediaType(request) === PROTOBUF
    ? protobufObject(bytesOf(request))
    : asObject(jsonBody(request, true));
}

/** DeleteOptions from body and query. @throws ApiError 400 or 422 */
export function deleteRequest(request: ApiRequest): DeleteRequest {
  const body = optionsBody(request);
  const policy = body['propagationPolicy'] ?? request.query.get('propagationPolicy') ?? undefined;
  if (policy !== undefined && policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan') {
    throw invalidOptions('DeleteOptions', {
      path: 'propagationPolicy',
      type: 'NotSupported',
      value: typeof policy === 'string' ? policy.slice(0, 64) : typeof policy,
      detail: 'supported values: "Foreground", "Background", "Orphan", "nil"',
    });
  }
  const orphan =
    body['orphanDependents'] ?? (request.query.get('orphanDependents') === 'true' ? true : undefined);
  if (policy !== undefined && orphan !== undefined)
    throw invalidOptions('DeleteOptions', {
      path: 'propagationPolicy',
      type: 'Invalid',
      value: policy,
      detail: 'orphanDependents and deletionPropagation cannot be both set',
    });
  const given = body['preconditions'];
  const preconditions = typeof given === 'object' && given !== null ? (given as JsonObject) : {};
  const { uid, resourceVersion } = preconditions;
  const dryRun = [
    ...request.query.getAll('dryRun'),
    ...(Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : []),
  ];
  const chosen = policy ?? (orphan === true ? 'Orphan' : undefined);
  return {
    ...(chosen === undefined ? {} : { propagationPolicy: chosen }),
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    },
    dryRun: dryRunOf(dryRun),
  };
}

/** Where the parser stopped, without the piece of the body that its message quotes: that may be part of a key. */
function placeOf(error: unknown): string {
  const place = /at position (\d+)(?: \(line (\d+) column (\d+)\))?/.exec(
    error instanceof Error ? error.message : '',
  );
  if (place === null) return '';
  return place[2] === undefined
    ? `: look at position ${place[1]}`
    : `: look at line ${place[2]}, column ${place[3]}`;
}
