/** What an object that somebody sent must be, beyond being of the right kind: known fields, and the rules of its kind. */
import { validateMetadata } from '../resources/object-meta.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import * as api from './api-error.ts';
import type { WriteContext } from './object-writer.ts';

/** Drops unknown fields and fills in defaults, in place. @throws ApiError 400 where unknown fields are refused */
export function decodeObject(entry: ResourceEntry, object: JsonObject, context: WriteContext): void {
  reportUnknown(entry, entry.schema.prune(object), context);
  entry.schema.default(object);
}

/** Refuses or warns, as the client wished. @throws ApiError 400 */
export function reportUnknown(entry: ResourceEntry, unknown: readonly string[], context: WriteContext): void {
  const { duplicates = [] } = context;
  if (unknown.length + duplicates.length === 0 || context.fieldValidation === 'Ignore') return;
  const named = unknown.slice(0, 64);
  if (context.fieldValidation === 'Strict') throw api.strictDecoding(entry.type, duplicates, named);
  const texts = [...duplicates, ...named.map((path) => `unknown field "${path}"`)];
  for (const text of texts) if (!context.warnings.includes(text)) context.warnings.push(text);
}

/**
 * Called before admission, so that admission sees only what fits the schema, and again when admission changed something.
 * @throws ApiError 422 that names each field
 */
export function validateObject(
  entry: ResourceEntry,
  object: JsonObject,
  old?: JsonObject,
  subresource?: string,
): void {
  const meta = metaOf(object);
  const shape = entry.schema.validate(object, old);
  const errors = [...validateMetadata(meta, entry), ...shape];
  // A kind's own rules read what the schema vouches for.
  if (shape.length === 0) errors.push(...(entry.validate?.(object, old, subresource) ?? []));
  if (old !== undefined && metaOf(old).deletionTimestamp !== undefined) {
    const before = new Set(metaOf(old).finalizers);
    const added = (meta.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
    if (added.length > 0) {
      errors.push({
        type: 'Forbidden',
        path: 'metadata.finalizers',
        detail: `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
      });
    }
  }
  if (errors.length > 0) throw api.invalid(entry.type, meta.name ?? '', errors);
}
