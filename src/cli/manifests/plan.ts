/** Compares what a folder asks for with what was applied from it: what to apply, what to prune. Pure. */
import { createHash } from 'node:crypto';
import type { Manifest, ManifestError } from './manifest.ts';
import { titleOf } from './manifest.ts';

/** Marks objects that came from the folder; only marked objects are ever pruned. */
export const appliedLabel = 'certwright.dev/manifests';
export const appliedLabelValue = 'applied';

/** `group|kind|namespace|name`. */
export type ObjectId = string;

export interface Desired {
  id: ObjectId;
  manifest: Manifest;
  /** Changes when the object changes; comments and layout do not count. */
  hash: string;
}

export interface FolderPlan {
  apply: Desired[];
  /** Applied earlier, and in no file any more. */
  prune: ObjectId[];
  errors: ManifestError[];
}

/** Later tiers need earlier ones; within a tier the order does not matter. Unknown kinds come last but are no less welcome. */
const tiers: readonly (readonly string[])[] = [
  ['Namespace', 'CustomResourceDefinition'],
  ['Secret', 'ConfigMap', 'ServiceAccount'],
  ['ClusterIssuer', 'Issuer'],
];

export function tierOf(kind: string): number {
  const tier = tiers.findIndex((kinds) => kinds.includes(kind));
  return tier < 0 ? tiers.length : tier;
}

/** Namespaces and definitions take everything in them along: they are never pruned, only by hand. */
export function isPrunable(id: ObjectId): boolean {
  return tierOf(id.split('|')[1] ?? '') !== 0;
}

export function idOf(
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
  name: string,
): ObjectId {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return [group, kind, namespace ?? '', name].join('|');
}

/**
 * @param applied hash of each object that stands as the folder asked for it
 * @param sources the file that each of them came from: a second file that names the object does not take it over
 */
export function planFolder(
  applied: ReadonlyMap<ObjectId, string>,
  manifests: readonly Manifest[],
  sources: ReadonlyMap<ObjectId, string> = new Map(),
): FolderPlan {
  const desired = new Map<ObjectId, Desired>();
  const errors: ManifestError[] = [];
  for (const manifest of manifests) {
    const { apiVersion, kind, metadata } = manifest.object;
    const id = idOf(apiVersion, kind, metadata.namespace, metadata.name);
    const first = desired.get(id);
    if (first !== undefined) {
      const source = sources.get(id);
      const newer =
        manifest.at.file === source && first.manifest.at.file !== source ? first.manifest : manifest;
      const counts = newer === manifest ? first.manifest : manifest;
      const { file, line } = counts.at;
      errors.push({
        at: newer.at,
        object: titleOf(newer.object),
        message: `is also written in ${file}:${line}, which counts: take it out of one of the two`,
      });
      if (newer === manifest) continue;
    }
    desired.set(id, {
      id,
      manifest,
      hash: createHash('sha256').update(JSON.stringify(manifest.object)).digest('base64'),
    });
  }
  const apply = [...desired.values()]
    .filter(({ id, hash }) => applied.get(id) !== hash)
    .toSorted((a, b) => tierOf(a.manifest.object.kind) - tierOf(b.manifest.object.kind));
  const prune = [...applied.keys()].filter((id) => !desired.has(id) && isPrunable(id));
  return { apply, prune, errors };
}
