/** Turns the ownership that an injector without server-side apply left behind into that of one with it (spec §21, step 6). */
import { cainjectorComponent } from '../../api/components.ts';
import type { FieldsV1, ManagedFieldsEntry } from '../../api/meta.ts';

/** Deeper sets are none of ours: caBundle of a definition lies five levels down. */
const deepest = 16;
const bundleField = 'f:caBundle';

/** Written by an injector of before server-side apply, and still the owner of a bundle. */
export function isLegacy(entry: ManagedFieldsEntry): boolean {
  const { manager, operation, subresource = '', fieldsV1 = {} } = entry;
  if (manager !== cainjectorComponent || operation !== 'Update' || subresource !== '') return false;
  return split(fieldsV1, 0).bundles !== undefined;
}

/**
 * A JSON patch: without it a bundle of the old entry would have two owners for ever, and apply could never take it away.
 * Only the bundles change hands. client-go's csaupgrade hands over everything, and the apply that follows then removes
 * whatever else the old entry alone had owned. The resourceVersion is the lock.
 */
export function upgradeOwnership(
  entries: readonly ManagedFieldsEntry[],
  resourceVersion: string,
): { op: 'replace'; path: string; value: unknown }[] {
  const isApplied = ({ manager, operation, subresource = '' }: ManagedFieldsEntry): boolean =>
    manager === cainjectorComponent && operation === 'Apply' && subresource === '';
  const legacy = entries.filter(isLegacy);
  const applied = entries.find(isApplied);
  let bundles: FieldsV1 = applied?.fieldsV1 ?? {};
  const rests: ManagedFieldsEntry[] = [];
  for (const entry of legacy) {
    const parts = split(entry.fieldsV1 ?? {}, 0);
    bundles = unite(bundles, parts.bundles ?? {}, 0);
    if (parts.rest !== undefined) rests.push({ ...entry, fieldsV1: parts.rest });
  }
  const others = entries.filter((entry) => entry !== applied && !legacy.includes(entry));
  const ours: ManagedFieldsEntry = { ...(applied ?? legacy[0]), operation: 'Apply', fieldsV1: bundles };
  return [
    { op: 'replace', path: '/metadata/managedFields', value: [...others, ...rests, ours] },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}

/** The part of a set that leads to bundles, and the other part; each undefined when it would be empty. */
function split(fields: FieldsV1, depth: number): { bundles?: FieldsV1; rest?: FieldsV1 } {
  if (depth > deepest) return { rest: fields };
  const bundles: [string, FieldsV1][] = [];
  const rest: [string, FieldsV1][] = [];
  for (const [key, below] of Object.entries(fields)) {
    if (key === bundleField) bundles.push([key, below]);
    else if (Object.keys(below).length === 0) rest.push([key, below]);
    else {
      const parts = split(below, depth + 1);
      if (parts.bundles !== undefined) bundles.push([key, parts.bundles]);
      if (parts.rest !== undefined) rest.push([key, parts.rest]);
    }
  }
  return {
    ...(bundles.length === 0 ? {} : { bundles: Object.fromEntries(bundles) }),
    ...(rest.length === 0 ? {} : { rest: Object.fromEntries(rest) }),
  };
}

function unite(a: FieldsV1, b: FieldsV1, depth: number): FieldsV1 {
  if (depth > deepest) return a;
  const union = new Map(Object.entries(a));
  for (const [key, fields] of Object.entries(b))
    union.set(key, unite(union.get(key) ?? {}, fields, depth + 1));
  return Object.fromEntries(union);
}
