/** Living together with `kubectl apply` of the client-side kind, whose books are an annotation. */
import type { KubeObject } from '../../api/meta.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { compare } from './compare.ts';
import type { FieldSet } from './field-set.ts';
import { difference, emptySet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import type { MergeSchema } from './merge-schema.ts';
import { trackedParts } from './tracked-parts.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** All annotations of an object together may hold this many bytes. */
const longestAnnotation = 262_144;

function lastApplied(object: KubeObject | undefined): string | undefined {
  const value: unknown = object?.metadata?.annotations?.[annotation];
  return typeof value === 'string' ? value : undefined;
}

/** When the annotation is there, a server-side apply of kubectl keeps it up to date, so that going back works. */
export function refreshLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  if (lastApplied(object) === undefined) return object;
  const { managedFields: _managedFields, ...metadata } = applied.metadata ?? {};
  const { [annotation]: _last, ...annotations } = metadata.annotations ?? {};
  const hasOthers = Object.keys(annotations).length > 0;
  const { annotations: _annotations, ...bare } = metadata;
  const text = `${JSON.stringify({ ...applied, metadata: hasOthers ? { ...bare, annotations } : bare })}\n`;
  const value = Buffer.byteLength(text) > longestAnnotation ? '' : text;
  if (value === lastApplied(object)) return object;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [annotation]: value } },
  };
}

/** Fields that kubectl's client-side apply set and nobody changed since: a server-side apply of kubectl may take them. */
export function allowedByLastApplied(live: KubeObject | undefined, schema: MergeSchema): FieldSet {
  const text = lastApplied(live);
  if (text === undefined || live === undefined) return emptySet;
  let last: unknown;
  try {
    last = JSON.parse(text);
  } catch {
    // An annotation that somebody broke allows nothing.
    return emptySet;
  }
  if (!isJsonObject(last)) return emptySet;
  const parts = trackedParts(last, []);
  return difference(fieldSetOf(parts, schema), compare(trackedParts(live, []), parts, schema).changed);
}
