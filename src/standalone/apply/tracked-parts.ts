/** Which parts of an object are tracked, and which fields a write to this resource cannot touch. */
import type { KubeObject } from '../../api/meta.ts';
import type { FieldSet } from './field-set.ts';
import { childrenOf, memberLeaf, nodeOf, setOf } from './field-set.ts';

/** Metadata that nobody owns. */
const untracked: readonly string[] = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** Everything that is never owned, as a set: pruning must not take it for abandoned. */
export const identitySet: FieldSet = setOf([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...untracked.map((name) => ['f:metadata', `f:${name}`]),
]);

/**
 * Top-level fields that writes leave as they are: the status subresource touches nothing but status, everything else never status.
 * Kinds without a status subresource pass an empty list instead.
 */
export function resetFieldsOf(subresource: string | undefined): readonly string[] {
  return subresource === 'status' ? ['metadata', 'spec'] : ['status'];
}

/** The object with only what is tracked; a shallow copy. */
export function trackedParts(
  object: KubeObject | undefined,
  reset: readonly string[],
): { [key: string]: unknown } {
  const { apiVersion: _apiVersion, kind: _kind, ...parts } = { ...object } as { [key: string]: unknown };
  for (const name of reset) delete parts[name];
  const metadata = parts['metadata'];
  if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) {
    const kept: { [key: string]: unknown } = { ...metadata };
    for (const name of untracked) delete kept[name];
    parts['metadata'] = kept;
  }
  return parts;
}

/** `metadata` itself belongs to nobody, only what is in it. */
export function withoutMetadataItself(set: FieldSet): FieldSet {
  const metadata = childrenOf(set).get('f:metadata');
  if (metadata === undefined || !metadata.member) return set;
  const below = new Map(set.below);
  if (metadata === memberLeaf || metadata.below === undefined) below.delete('f:metadata');
  else below.set('f:metadata', nodeOf(false, metadata.below));
  return nodeOf(set.member, below);
}
