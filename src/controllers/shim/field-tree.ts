/** Paths into an object, the merge patches that are made of them (RFC 7396), and who owns them. */
import type { FieldsV1, ManagedFieldsEntry } from '../../api/meta.ts';

export type FieldPath = readonly string[];
export interface MergePatch {
  [field: string]: unknown;
}

export function setAt(patch: MergePatch, path: FieldPath, value: unknown): void {
  let node = patch;
  for (const field of path.slice(0, -1)) {
    const next = Object.hasOwn(node, field) ? node[field] : undefined;
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) node = next as MergePatch;
    else node = define(node, field, {}) as MergePatch;
  }
  define(node, path.at(-1) ?? '', value);
}

/** Own properties only: keys are of other people's making, `__proto__` among them. */
function define(node: MergePatch, field: string, value: unknown): unknown {
  Object.defineProperty(node, field, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

export function valueAt(object: unknown, path: FieldPath): unknown {
  let node = object;
  for (const field of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, field)) return undefined;
    node = (node as Readonly<Record<string, unknown>>)[field];
  }
  return node;
}

/** True where `manager` set the field and nobody else did, or does now: then it is ours to change or take away. */
export function isOwnedAlone(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
  path: FieldPath,
): boolean {
  const owners = (entries ?? [])
    .filter(({ subresource, fieldsV1 }) => (subresource ?? '') === '' && owns(fieldsV1, path))
    .map((entry) => entry.manager);
  return owners.length > 0 && owners.every((owner) => owner === manager);
}

function owns(fields: FieldsV1 | undefined, path: FieldPath): boolean {
  let node: FieldsV1 | undefined = fields;
  for (const field of path) {
    const next: FieldsV1 | undefined = node?.[`f:${field}`];
    // An empty set stands for everything below it, where a list or map is owned as a whole.
    if (next === undefined) return node !== undefined && node !== fields && Object.keys(node).length === 0;
    node = next;
  }
  return node !== undefined;
}
