/** Stores objects on a real API server as somebody else left them: spec, status, and who owns which field. */
import type { KubeObject } from '../../src/api/meta.ts';
import * as resources from '../../src/api/resources.ts';
import * as routes from '../../src/api/routes.ts';
import * as workloads from '../../src/api/workloads.ts';
import type { ResourceType } from '../../src/api/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';

export const ingresses: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  namespaced: true,
};
const write = { fieldManager: 'test' };

/** By kind, among those that are loaded. @throws Error for another kind */
export function typeOf({ kind }: KubeObject): ResourceType {
  if (kind === ingresses.kind) return ingresses;
  const type = Object.values({ ...resources, ...workloads, ...routes }).find(
    (one): one is ResourceType =>
      typeof one === 'object' && 'kind' in one && one.kind === kind && 'plural' in one,
  );
  if (type === undefined) throw new Error(`no kind ${kind}`);
  return type;
}

/**
 * Owners are stored before what they own. The server gives uids, times and versions of its own; owner references
 * follow the uids. Answers the new uids by the old ones.
 */
export async function loadObjects(
  client: KubeClient,
  objects: readonly KubeObject[],
): Promise<Map<string, string>> {
  const uids = new Map<string, string>();
  const here = new Set(objects.map(({ metadata }) => metadata?.uid));
  let waiting = [...objects];
  while (waiting.length > 0) {
    const missing = ({ metadata }: KubeObject): boolean =>
      metadata?.ownerReferences?.some(({ uid }) => here.has(uid) && !uids.has(uid)) ?? false;
    const next = waiting.filter((object) => !missing(object));
    if (next.length === 0) throw new Error('objects own each other in a circle');
    waiting = waiting.filter(missing);
    await Promise.all(next.map((object) => loadOne(client, object, uids)));
  }
  return uids;
}

async function loadOne(client: KubeClient, object: KubeObject, uids: Map<string, string>): Promise<void> {
  const type = typeOf(object);
  const { metadata = {}, ...rest } = object as KubeObject & { status?: unknown };
  const { name, namespace, labels, annotations, finalizers, managedFields } = metadata;
  const ownerReferences = metadata.ownerReferences?.map((one) => ({
    ...one,
    uid: uids.get(one.uid) ?? one.uid,
  }));
  const stored = { name, namespace, labels, annotations, finalizers, ownerReferences };
  const created = await client.create<KubeObject>(type, { ...rest, metadata: stored }, write);
  if (metadata.uid !== undefined) uids.set(metadata.uid, created.metadata?.uid ?? '');
  let latest = created;
  if (rest.status !== undefined && type.group !== '')
    latest = await client.update<KubeObject>(type, { ...created, status: rest.status } as KubeObject, {
      ...write,
      subresource: 'status',
    });
  // Somebody who writes managed fields and changes nothing else decides whose the fields are. An empty entry clears them.
  const owners = managedFields === undefined ? [{}] : managedFields.map((entry) => renamed(entry, uids));
  await client.update<KubeObject>(
    type,
    { ...latest, metadata: { ...latest.metadata, managedFields: owners } },
    write,
  );
}

/** Ownership of an owner reference names its uid. */
function renamed<T extends object>(entry: T, uids: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(entry);
  for (const [old, now] of uids) text = text.replaceAll(old, now);
  return JSON.parse(text) as T;
}
