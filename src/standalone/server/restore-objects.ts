/** Stores objects as they once stood: for a restore from a backup, and for taking over another server's objects. */
import type { FieldError } from '../../api/admission.ts';
import type { KubeObject } from '../../api/meta.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { RestoreError } from '../errors.ts';
import { metadataShapeComplaint, validateMetadata } from '../resources/object-meta.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import { toStored } from '../rest/stored-form.ts';
import type { ObjectStore } from '../storage/object-store.ts';

interface Accepted {
  entry: ResourceEntry;
  object: JsonObject;
  namespace: string;
  name: string;
  uid: string;
}

/** All of `objects` or, when one of them cannot be stored, none. @throws RestoreError, StorageError */
export async function restoreObjects(
  objects: readonly KubeObject[],
  parts: { store: ObjectStore; registry: ResourceRegistry },
): Promise<void> {
  const { store, registry } = parts;
  const taken = new Set<string>();
  const arriving = new Set(
    objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata?.name ?? ''] : [])),
  );
  const accepted = objects.map((given) => {
    const one = accept(given, registry);
    const { entry, namespace, name } = one;
    const key = `${entry.storageKey}/${namespace}/${name}`;
    if (taken.has(key) || store.uidOf({ resource: entry.storageKey, namespace, name }) !== undefined)
      throw refused(given, 'it exists already');
    taken.add(key);
    const space = { resource: 'namespaces', namespace: '', name: namespace };
    if (entry.type.namespaced && !arriving.has(namespace) && store.uidOf(space) === undefined)
      throw refused(given, `namespace "${namespace}" does not exist; restore it first or with this object`);
    return one;
  });
  // Written within one turn of the event loop, so that they share one transaction.
  for (const { entry, object, namespace, name, uid } of accepted) {
    const stored = toStored(entry, object);
    const meta = metaOf(stored);
    const owners = meta.ownerReferences?.map((owner) => owner.uid);
    store.write({
      resource: entry.storageKey,
      namespace,
      name,
      uid,
      expected: 0,
      ...(owners === undefined ? {} : { owners }),
      render: (rv) => {
        meta.resourceVersion = String(rv);
        return JSON.stringify(stored);
      },
    });
  }
  await store.committed();
}

/** Nothing is defaulted, pruned or derived: what cannot stay as it is, is refused. */
function accept(given: KubeObject, registry: ResourceRegistry): Accepted {
  // As it would have travelled: members without a value do not exist.
  const object = JSON.parse(JSON.stringify(given)) as JsonObject;
  const entry = registry
    .all()
    .find(
      ({ type, review }) =>
        review === undefined && type.kind === given.kind && apiVersionOf(type) === given.apiVersion,
    );
  if (entry === undefined) throw refused(given, 'this server has no such kind; restore its definition first');
  const complaint = metadataShapeComplaint(object['metadata']);
  if (complaint !== undefined) throw refused(given, complaint);
  const meta = metaOf(object);
  const { name = '', namespace = '', uid = '', creationTimestamp = '' } = meta;
  if (uid === '' || creationTimestamp === '')
    throw refused(given, 'metadata.uid and metadata.creationTimestamp must be there: they are kept');
  if (entry.type.namespaced !== (namespace !== ''))
    throw refused(given, entry.type.namespaced ? 'it has no namespace' : 'its kind has no namespaces');
  const unknown = entry.schema.prune(object);
  if (unknown.length > 0) throw refused(given, `unknown field ${unknown[0]}`);
  const errors: FieldError[] = [
    ...validateMetadata(meta, entry),
    ...entry.schema.validate(object),
    ...(entry.validate?.(object, undefined) ?? []),
  ];
  const [first] = errors;
  if (first !== undefined) throw refused(given, `${first.path}: ${first.detail ?? first.type}`);
  return { entry, object, namespace, name, uid };
}

function refused({ apiVersion, kind, metadata }: KubeObject, why: string): RestoreError {
  const where = metadata?.namespace === undefined ? '' : `${metadata.namespace}/`;
  return new RestoreError(
    'ERR_RESTORE_REFUSED',
    `${apiVersion ?? '?'} ${kind ?? '?'} ${where}${metadata?.name ?? '?'} cannot be restored: ${why}`,
  );
}
