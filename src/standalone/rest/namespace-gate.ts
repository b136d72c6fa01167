/** Objects are made only in namespaces that exist and are not going away. */
import { namespaces } from '../../api/resources.ts';
import type { ResourceEntry } from '../resources/resource-entry.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { forbidden, notFound } from './api-error.ts';

/** Gives the check. It keeps the phase of each namespace it has seen, until the namespace changes. */
export function spaceRefusal(
  store: ObjectStore,
): (entry: ResourceEntry, namespace: string, name: string) => void {
  const active = new Set<string>();
  store.onCommit((changes) => {
    for (const change of changes) if (change.resource === 'namespaces') active.delete(change.name);
  });
  return (entry, namespace, name) => {
    if (!entry.type.namespaced || active.has(namespace)) return;
    const row = store.get({ resource: 'namespaces', namespace: '', name: namespace });
    if (row === undefined) throw notFound(namespaces, namespace);
    const { metadata } = JSON.parse(row.json) as { metadata: { deletionTimestamp?: string } };
    if (metadata.deletionTimestamp !== undefined) {
      throw forbidden(
        entry.type,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    }
    if (active.size >= 1024) active.clear();
    // A deletion under way but not committed could be missed: only committed states are kept.
    if (store.committed() === undefined) active.add(namespace);
  };
}
