/** Who controls an object (meta/v1: at most one of its owners does). */
import type { ObjectMeta, OwnerReference } from './meta.ts';

export function controllingOwner(
  metadata: Pick<ObjectMeta, 'ownerReferences'> | undefined,
): OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}
