/** Rules for names, labels, annotations, finalizers and owner references (apimachinery validation). */
import type { FieldError } from '../../api/admission.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import type { ResourceEntry } from './resource-entry.ts';

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const MAX_ANNOTATIONS = 256 * 1024;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'example.com')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  "and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc')";

/** Gives the complaint about a name, or undefined. */
export function nameComplaint(
  name: string,
  rule: ResourceEntry['nameRule'] = 'subdomain',
): string | undefined {
  switch (rule) {
    case 'path':
      if (name === '.' || name === '..') return `may not be '${name}'`;
      return /[/%]/.test(name) || name.length > 253
        ? "may not contain '/' or '%' and must be at most 253 characters"
        : undefined;
    case 'label':
      if (name.length > 63) return 'must be no more than 63 characters';
      return LABEL_NAME.test(name) ? undefined : LABEL_TEXT;
    default:
      if (name.length > 253) return 'must be no more than 253 characters';
      return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
  }
}

function qualifiedComplaint(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined) {
    const complaint = nameComplaint(prefix);
    if (complaint !== undefined) return `prefix part ${complaint}`;
  }
  if (name.length > 63) return 'name part must be no more than 63 characters';
  return QUALIFIED.test(name)
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
}

function isStringMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}

/** Wrong JSON types in metadata, as a decoding complaint; undefined when all is well. */
export function metadataShapeComplaint(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    return 'metadata must be an object';
  const meta = metadata as Record<string, unknown>;
  for (const key of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion']) {
    const value = meta[key];
    if (value !== undefined && value !== null && typeof value !== 'string')
      return `metadata.${key} must be a string`;
    if (value === null) delete meta[key];
  }
  for (const key of ['labels', 'annotations']) {
    const value = meta[key];
    if (value === null) delete meta[key];
    else if (value !== undefined && !isStringMap(value)) return `metadata.${key} must be a map of strings`;
    else if (value !== undefined && Object.keys(value).length === 0) delete meta[key];
  }
  for (const key of ['finalizers', 'ownerReferences', 'managedFields']) {
    const value = meta[key];
    if (value === null) delete meta[key];
    else if (value !== undefined && !Array.isArray(value)) return `metadata.${key} must be a list`;
  }
  const finalizers = meta['finalizers'] as unknown[] | undefined;
  if (finalizers?.some((item) => typeof item !== 'string'))
    return 'metadata.finalizers must be a list of strings';
  for (const key of ['ownerReferences', 'managedFields']) {
    const list = meta[key] as unknown[] | undefined;
    if (list?.some((item) => typeof item !== 'object' || item === null || Array.isArray(item))) {
      return `metadata.${key} must be a list of objects`;
    }
  }
  return undefined;
}

/** Checks metadata that a client may set. Its shape has been checked before. */
export function validateMetadata(
  meta: ObjectMeta,
  entry: Pick<ResourceEntry, 'nameRule' | 'type'>,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = meta.name ?? '';
  if (name === '') {
    errors.push({ type: 'Required', path: 'metadata.name', detail: 'name or generateName is required' });
  } else {
    const complaint = nameComplaint(name, entry.nameRule);
    if (complaint !== undefined)
      errors.push({ type: 'Invalid', path: 'metadata.name', value: name, detail: complaint });
  }
  for (const [key, value] of Object.entries(meta.labels ?? {})) {
    const complaint = qualifiedComplaint(key);
    if (complaint !== undefined)
      errors.push({ type: 'Invalid', path: 'metadata.labels', value: key, detail: complaint });
    if (value.length > 63 || !LABEL_VALUE.test(value)) {
      errors.push({
        type: 'Invalid',
        path: 'metadata.labels',
        value,
        detail:
          "a valid label must be an empty string or at most 63 alphanumeric characters, '-', '_' or '.', " +
          'and must start and end with an alphanumeric character',
      });
    }
  }
  let size = 0;
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
    const complaint = qualifiedComplaint(key.toLowerCase());
    if (complaint !== undefined)
      errors.push({ type: 'Invalid', path: 'metadata.annotations', value: key, detail: complaint });
  }
  if (size > MAX_ANNOTATIONS) {
    errors.push({
      type: 'TooLong',
      path: 'metadata.annotations',
      detail: `may not be more than ${MAX_ANNOTATIONS} bytes`,
    });
  }
  for (const finalizer of meta.finalizers ?? []) {
    const complaint = qualifiedComplaint(finalizer);
    if (complaint !== undefined)
      errors.push({ type: 'Invalid', path: 'metadata.finalizers', value: finalizer, detail: complaint });
  }
  errors.push(...validateOwners(meta));
  return errors;
}

function validateOwners(meta: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  const owners = meta.ownerReferences ?? [];
  for (const [index, owner] of owners.entries()) {
    const path = `metadata.ownerReferences[${index}]`;
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (typeof owner[field] !== 'string' || owner[field] === '') {
        errors.push({
          type: 'Invalid',
          path: `${path}.${field}`,
          value: owner[field] ?? '',
          detail: 'must not be empty',
        });
      }
    }
  }
  if (owners.some(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Event'))
    errors.push({
      type: 'Invalid',
      path: 'metadata.ownerReferences',
      detail: '/v1, Kind=Event is disallowed from being an owner',
    });
  if (owners.filter((owner) => owner.controller === true).length > 1) {
    errors.push({
      type: 'Invalid',
      path: 'metadata.ownerReferences',
      detail: 'Only one reference can have Controller set to true',
    });
  }
  return errors;
}
