/** Turns the ownership that an injector without server-side apply left behind into that of one with it (spec §21, step 6). */
import { cainjectorComponent } from '../../api/components.ts';
import type { FieldsV1, ManagedFieldsEntry } from '../../api/meta.ts';
import { isLegacy } from './targets.ts';

/**
 * A JSON patch, as client-go's csaupgrade makes it: without it a field of the old entry would have two owners for ever,
 * and apply could never take it away. The resourceVersion is the lock.
 */
export function upgradeOwnership(
  entries: readonly ManagedFieldsEntry[],
  resourceVersion: string,
): { op: 'replace'; path: string; value: unknown }[] {
  const isApplied = ({ manager, operation, subresource }: ManagedFieldsEntry): boolean =>
    manager === cainjectorComponent && operation === 'Apply' && (subresource ?? '') === '';
  const mine = entries.filter((entry) => isLegacy(entry) || isApplied(entry));
  const base = mine.find(isApplied) ?? mine[0];
  const others = entries.filter((entry) => !mine.includes(entry));
  const fieldsV1 = mine.reduce<FieldsV1>((union, entry) => unite(union, entry.fieldsV1 ?? {}, 0), {});
  return [
    {
      op: 'replace',
      path: '/metadata/managedFields',
      value: [...others, { ...base, operation: 'Apply', fieldsV1 }],
    },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}

/** Deeper sets are none of ours: caBundle of a definition lies five levels down. */
const deepest = 64;

function unite(a: FieldsV1, b: FieldsV1, depth: number): FieldsV1 {
  if (depth > deepest) return a;
  const union = new Map(Object.entries(a));
  for (const [key, fields] of Object.entries(b))
    union.set(key, unite(union.get(key) ?? {}, fields, depth + 1));
  return Object.fromEntries(union);
}
