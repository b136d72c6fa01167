/** Reads `metadata.managedFields` of a Secret: what we own, and who else writes what is ours. */
import type { FieldsV1, ManagedFieldsEntry } from '../../api/meta.ts';
import { annotationKeys, components, labelKeys, secretKeys } from './constants.ts';
import type { DataWriter, OwnedFields, Parsed } from './secret-facts.ts';

const mostWriters = 4;

/** What only we have a business with: whoever else owns one of these writes over us. */
const ourEntries: ReadonlySet<string> = new Set(Object.values(secretKeys));
const ourLabels: ReadonlySet<string> = new Set([labelKeys.filtered]);
const ourAnnotations: ReadonlySet<string> = new Set([
  annotationKeys.certificateName,
  annotationKeys.issuerName,
  annotationKeys.issuerKind,
  annotationKeys.issuerGroup,
]);

export function readManagedFields(entries: readonly ManagedFieldsEntry[]): {
  owned: Parsed<OwnedFields>;
  foreignWriters: DataWriter[];
} {
  const labels = new Set<string>();
  const annotations = new Set<string>();
  const data = new Set<string>();
  let ownerReferences = false;
  const writers: DataWriter[] = [];
  for (const entry of entries) {
    const fields: unknown = entry.fieldsV1 ?? {};
    if (entry.fieldsType !== undefined && entry.fieldsType !== 'FieldsV1') {
      return {
        owned: { ok: false, error: `unknown fieldsType "${String(entry.fieldsType).slice(0, 64)}"` },
        foreignWriters: [],
      };
    }
    if (!isSet(fields))
      return { owned: { ok: false, error: 'fieldsV1 is not an object' }, foreignWriters: [] };
    const metadata = child(fields, 'f:metadata');
    if (entry.manager === components.issuing && entry.operation === 'Apply') {
      for (const key of keysBelow(child(metadata, 'f:labels'))) labels.add(key);
      for (const key of keysBelow(child(metadata, 'f:annotations'))) annotations.add(key);
      for (const key of keysBelow(child(fields, 'f:data'))) data.add(key);
      ownerReferences ||= Object.keys(child(metadata, 'f:ownerReferences')).length > 0;
    } else if (entry.manager !== undefined && takesOver(fields)) {
      const time = entry.time === undefined ? 0 : Date.parse(entry.time);
      writers.push({
        manager: entry.manager.slice(0, 128),
        operation: entry.operation ?? 'Update',
        time: Number.isNaN(time) ? 0 : time,
      });
    }
  }
  const foreignWriters = writers.toSorted((a, b) => b.time - a.time).slice(0, mostWriters);
  const value: OwnedFields = {
    labels: [...labels],
    annotations: [...annotations],
    data: [...data],
    ownerReferences,
  };
  return { owned: { ok: true, value }, foreignWriters };
}

function takesOver(fields: FieldsV1): boolean {
  const metadata = child(fields, 'f:metadata');
  return (
    keysBelow(child(fields, 'f:data')).some((key) => ourEntries.has(key)) ||
    keysBelow(child(metadata, 'f:annotations')).some((key) => ourAnnotations.has(key)) ||
    keysBelow(child(metadata, 'f:labels')).some((key) => ourLabels.has(key))
  );
}

function isSet(value: unknown): value is FieldsV1 {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function child(fields: FieldsV1, key: string): FieldsV1 {
  const found: unknown = fields[key];
  return isSet(found) ? found : {};
}

function keysBelow(fields: FieldsV1): string[] {
  return Object.keys(fields).flatMap((key) => (key.startsWith('f:') ? [key.slice(2)] : []));
}
