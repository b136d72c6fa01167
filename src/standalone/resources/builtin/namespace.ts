/** Namespaces: deletion keeps them Terminating until they are empty. */
import { namespaces } from '../../../api/resources.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, nameColumn } from '../printing.ts';
import { metaOf, textOf, type JsonObject } from '../resource-entry.ts';
import { condition, object, text } from '../schemas.ts';

const FINALIZER = 'kubernetes';
/** Those that hold the system together. */
const KEPT = new Set(['default', 'kube-system', 'kube-public']);

function part(namespace: JsonObject, key: 'spec' | 'status'): JsonObject {
  const found = namespace[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

function phaseOf(namespace: JsonObject): string {
  return textOf(part(namespace, 'status')['phase']) || 'Active';
}

export const namespaceEntry = defineResource({
  type: namespaces,
  description: 'A scope for names: objects in one namespace do not see those of another by name.',
  properties: {
    spec: object('What the namespace should be like.', {
      finalizers: {
        type: 'array',
        description: 'Who has to clean up before the namespace may go.',
        items: { type: 'string' },
        'x-kubernetes-list-type': 'atomic',
      },
    }),
    status: object('What the namespace is like.', {
      phase: text('Active or Terminating.'),
      conditions: {
        type: 'array',
        description: 'What holds up the deletion.',
        items: condition,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        'x-kubernetes-patch-merge-key': 'type',
        'x-kubernetes-patch-strategy': 'merge',
      },
    }),
  },
  nameRule: 'label',
  statusSubresource: true,
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      description: 'Whether the namespace is in use or going away.',
      cell: phaseOf,
    },
    ageColumn,
  ],
  selectableFields: { 'status.phase': phaseOf },
  prepare: (namespace, old, _now, subresource) => {
    const meta = metaOf(namespace);
    meta.labels = { ...meta.labels, 'kubernetes.io/metadata.name': meta.name ?? '' };
    if (old === undefined) {
      const finalizers = part(namespace, 'spec')['finalizers'];
      namespace['spec'] = {
        finalizers: [...new Set([...(Array.isArray(finalizers) ? finalizers : []), FINALIZER])],
      };
      namespace['status'] = { phase: 'Active' };
    } else if (subresource !== 'finalize') {
      // Only the emptying worker takes the finalizer away, through this subresource.
      namespace['spec'] = structuredClone(old['spec'] ?? { finalizers: [FINALIZER] });
    }
  },
  beforeDelete: (namespace) => {
    namespace['status'] = { ...part(namespace, 'status'), phase: 'Terminating' };
    return true;
  },
  holdsDeletion: (namespace) => {
    const finalizers = part(namespace, 'spec')['finalizers'];
    return Array.isArray(finalizers) && finalizers.length > 0;
  },
  refuseDelete: (name) => (KEPT.has(name) ? 'this namespace may not be deleted' : undefined),
});
