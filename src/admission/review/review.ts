/** AdmissionReview (admission.k8s.io/v1) as the API server sends it, and the answer (spec §12). Input is hostile until shown otherwise. */
import type { AdmissionRequest, AdmissionResponse, UserInfo } from '../../api/admission.ts';
import type { KubeObject } from '../../api/meta.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
  type ResourceType,
} from '../../api/resources.ts';

/** What is asked; `request` is absent for resources that have no rules of ours. */
export interface Review {
  uid: string;
  request: AdmissionRequest | undefined;
}

/** The body is no AdmissionReview: there is nobody to answer to but with an HTTP status. */
export class ReviewFormatError extends Error {
  override readonly name = 'ReviewFormatError';
  readonly code = 'admission/review-format';
  readonly retryable = false;
}

const apiVersion = 'admission.k8s.io/v1';
const ours: readonly ResourceType[] = [
  certificates,
  certificateRequests,
  issuers,
  clusterIssuers,
  orders,
  challenges,
];
const operations = ['CREATE', 'UPDATE', 'DELETE'] as const;

/** @throws ReviewFormatError */
export function readReview(body: string): Review {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    // A nesting that exhausts the stack is as little an AdmissionReview as half a text.
    if (error instanceof SyntaxError || error instanceof RangeError) throw bad('the body is not JSON');
    throw error;
  }
  const review = record(parsed);
  if (review?.['apiVersion'] !== apiVersion || review['kind'] !== 'AdmissionReview')
    throw bad(`the body is no AdmissionReview of ${apiVersion}`);
  const request = record(review['request']);
  const uid = text(request?.['uid']);
  if (request === undefined || uid === '') throw bad('the AdmissionReview has no request with a uid');
  return { uid, request: requestOf(request) };
}

function requestOf(request: Record<string, unknown>): AdmissionRequest | undefined {
  // With matchPolicy Equivalent the client may have sent another version or subresource: `resource` is what the object
  // was converted to. By what the client sent, another served version would pass without a rule.
  const asked = record(request['resource']) ?? record(request['requestResource']);
  const resource = ours.find(
    ({ group, version, plural }) =>
      asked?.['group'] === group && asked['version'] === version && asked['resource'] === plural,
  );
  const operation = operations.find((known) => known === request['operation']);
  if (resource === undefined || operation === undefined) return undefined;
  const subresource = text(request['subResource']) || text(request['requestSubResource']);
  const [object, oldObject] = [record(request['object']), record(request['oldObject'])];
  const [namespace, name] = [text(request['namespace']), text(request['name'])];
  return {
    operation,
    resource,
    user: userOf(record(request['userInfo']) ?? {}),
    ...(subresource !== '' && { subresource }),
    ...(namespace !== '' && { namespace }),
    ...(name !== '' && { name }),
    ...(object && { object }),
    ...(oldObject && { oldObject }),
    ...(request['dryRun'] === true && { dryRun: true }),
  };
}

function userOf(info: Record<string, unknown>): UserInfo {
  const uid = text(info['uid']);
  const extra = Object.entries(record(info['extra']) ?? {}).map(([key, value]) => [key, texts(value)]);
  return {
    username: text(info['username']),
    groups: texts(info['groups']),
    ...(uid !== '' && { uid }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) as Record<string, string[]> }),
  };
}

/** The answer as the API server reads it. `original`: the object that a mutation was made of. */
export function writeReview(uid: string, response: AdmissionResponse, original?: KubeObject): string {
  const { allowed, code = 403, message = '', warnings } = response;
  const patch = allowed && response.object !== undefined ? patchOf(original, response.object) : [];
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(!allowed && { status: { code, message, reason: code === 400 ? 'BadRequest' : 'Forbidden' } }),
      ...(warnings !== undefined && warnings.length > 0 && { warnings }),
      ...(patch.length > 0 && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      }),
    },
  });
}

interface Patch {
  op: 'add' | 'remove';
  path: string;
  value?: unknown;
}

/** RFC 6902, on the fields of the spec alone: nothing else is ever changed. */
function patchOf(original: KubeObject | undefined, changed: KubeObject): Patch[] {
  const [before, after] = [original, changed].map((object) =>
    record((object as { spec?: unknown } | undefined)?.spec),
  );
  if (after === undefined) return [];
  if (before === undefined) return [{ op: 'add', path: '/spec', value: after }];
  const pathOf = (name: string): string => `/spec/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const set = Object.keys(after).filter((name) => after[name] !== before[name]);
  return [
    ...removed.map((name): Patch => ({ op: 'remove', path: pathOf(name) })),
    ...set.map((name): Patch => ({ op: 'add', path: pathOf(name), value: after[name] })),
  ];
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function bad(message: string): ReviewFormatError {
  return new ReviewFormatError(message);
}
