/** Who created a CertificateRequest: stamped on creation, checked ever after (spec/api.md §10). */
import type { UserInfo } from '../api/admission.ts';
import type { KubeObject } from '../api/meta.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

/** The object with the requester in its spec, whatever it claimed before. The object given is not changed. */
export function stampIdentity(object: KubeObject, user: UserInfo): KubeObject {
  const { spec } = object as { spec?: unknown };
  const { username: _1, uid: _2, groups: _3, extra: _4, ...rest } = isObject(spec) ? spec : {};
  const stamped: Record<string, unknown> = { ...rest };
  if (user.username !== '') stamped['username'] = user.username;
  if (user.uid !== undefined && user.uid !== '') stamped['uid'] = user.uid;
  if (user.groups.length > 0) stamped['groups'] = [...user.groups];
  if (Object.keys(user.extra ?? {}).length > 0) stamped['extra'] = structuredClone(user.extra);
  return { ...object, spec: stamped } as KubeObject;
}

/** On creation: the identity in the spec is that of the requester. */
export function validateIdentity(spec: Field, user: UserInfo, errors: FieldErrors): void {
  const requester: Record<string, unknown> = { ...user };
  for (const name of differing(spec, (field) => requester[field])) {
    errors.forbidden(spec.at(name), `${name} identity must be that of the requester`);
  }
}

/** On updates: the identity stays. */
export function validateIdentityUpdate(before: Field, after: Field, errors: FieldErrors): void {
  for (const name of differing(after, (field) => before.at(field).value)) {
    errors.forbidden(after.at(name), `${name} identity cannot be changed once set`);
  }
}

function differing(spec: Field, expected: (name: string) => unknown): string[] {
  return ['uid', 'username', 'groups', 'extra'].filter(
    (name) => canonical(spec.at(name).value) !== canonical(expected(name)),
  );
}

/** Identities are two levels deep; what lies deeper is not told apart, and the rule for the whole spec sees it. */
const maxDepth = 4;

/** Lists without order; absent, empty text, list and object are one. */
function canonical(value: unknown, depth = 0): string {
  if (value === undefined || value === null || value === '' || depth > maxDepth) return '';
  if (Array.isArray(value)) {
    if (value.length === 0) return '';
    return JSON.stringify(value.map((item) => canonical(item, depth + 1)).toSorted());
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) =>
    JSON.stringify([key, canonical(item, depth + 1)]),
  );
  return entries.length === 0 ? '' : `{${entries.toSorted().join()}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
