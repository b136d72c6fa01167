/** Whether the controllers have seen everything that a real API server holds, and the server has nothing left to do by itself. */
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  issuers,
  namespaces,
  secrets,
  type ResourceType,
} from '../../src/api/resources.ts';
import type { SharedInformers } from '../../src/controllers/context.ts';
import { cacheKey, type Informer } from '../../src/kube/cache.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const filtered = 'controller.cert-manager.io/fao';
/** The kinds that we write or that own what we write. */
const watched: readonly ResourceType[] = [
  certificates,
  certificateRequests,
  secrets,
  issuers,
  clusterIssuers,
];

/** The first thing that is not as it will be, in words; undefined when there is none. */
export async function whatIsMissing(
  client: KubeClient,
  caches?: SharedInformers,
): Promise<string | undefined> {
  const [spaces, ...lists] = await Promise.all(
    [namespaces, ...watched].map(
      async (type) => (await client.list<KubeObject>(type, { metadataOnly: true })).items,
    ),
  );
  return (
    lists.map((items, index) => stale(watched[index]!, items, caches)).find((one) => one !== undefined) ??
    unfinished(spaces ?? [], lists.flat())
  );
}

/** Metadata of `type` that a cache holds in another version, or does not hold, or holds although it is gone. */
function stale(
  type: ResourceType,
  items: readonly KubeObject[],
  caches: SharedInformers | undefined,
): string | undefined {
  const cached = caches === undefined ? undefined : versions(type, caches);
  // A controller of one namespace watches no other, and no ClusterIssuers.
  if (cached === undefined) return undefined;
  const left = new Set(cached.keys());
  for (const { metadata } of items) {
    // A label that is neither absent nor "true" hides a Secret from us (lifecycle §3).
    const hidden = type === secrets && !['true', undefined].includes(metadata?.labels?.[filtered]);
    if (hidden) continue;
    const key = cacheKey(metadata?.namespace, metadata?.name ?? '');
    if (cached.get(key) !== metadata?.resourceVersion)
      return `${type.kind} ${key} is at ${metadata?.resourceVersion}, the cache at ${cached.get(key)}`;
    left.delete(key);
  }
  for (const key of left) return `${type.kind} ${key} is gone, and still in the cache`;
  return undefined;
}

function versions(type: ResourceType, caches: SharedInformers): Map<string, string | undefined> | undefined {
  if (type === secrets) {
    const both = [...caches.secrets.values(), ...caches.otherSecrets.values()];
    return new Map(both.map(({ key, resourceVersion }) => [key, resourceVersion]));
  }
  const cache = {
    [certificates.kind]: caches.certificates,
    [certificateRequests.kind]: caches.certificateRequests,
    [issuers.kind]: caches.issuers,
    [clusterIssuers.kind]: caches.clusterIssuers,
  }[type.kind];
  if (cache === undefined || !cache.synced) return undefined;
  return new Map(
    [...cache.values()].map(({ metadata }) => [
      cacheKey(metadata?.namespace, metadata?.name ?? ''),
      metadata?.resourceVersion,
    ]),
  );
}

/** Calls `heard` for each change that reaches a cache: each may be work. */
export function onEveryChange(caches: SharedInformers, heard: () => void): void {
  for (const cache of Object.values<Informer<unknown>>({ ...caches })) cache.onChange(heard);
}

/** What the garbage collector or the namespace controller has still to remove. */
function unfinished(spaces: readonly KubeObject[], objects: readonly KubeObject[]): string | undefined {
  const uids = new Set(objects.map(({ metadata }) => metadata?.uid));
  const kinds = new Set(watched.map(({ kind }) => kind));
  const held = ({ metadata }: KubeObject): boolean => (metadata?.finalizers ?? []).length > 0;
  for (const object of objects) {
    const { ownerReferences = [], name } = object.metadata ?? {};
    const known = ownerReferences.filter(({ kind }) => kinds.has(kind));
    const orphaned = known.length === ownerReferences.length && known.every(({ uid }) => !uids.has(uid));
    if (known.length > 0 && orphaned && !held(object)) return `${name} has lost its owner`;
  }
  for (const { metadata } of spaces) {
    if (metadata?.deletionTimestamp === undefined) continue;
    const inside = objects.filter((one) => one.metadata?.namespace === metadata.name);
    if (inside.every((one) => !held(one))) return `namespace ${metadata.name} ends`;
    const free = inside.find((one) => !held(one));
    if (free !== undefined) return `${free.metadata?.name} goes with namespace ${metadata.name}`;
  }
  return undefined;
}
