/** A client whose writes are looked at before they are sent, and may be refused: by losing a lease, or by a dry run. */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceType } from '../api/resources.ts';
import type { KubeClient } from './client.ts';

export interface GuardedWrite {
  verb: 'create' | 'update' | 'patch' | 'apply' | 'delete';
  type: ResourceType;
  namespace?: string;
  name: string;
  subresource?: 'status';
  /** What would be sent; absent for a deletion. */
  body?: unknown;
}

/** A question in the form of a write (SubjectAccessReview): nothing is stored. */
export function isReview({ verb, type }: Pick<GuardedWrite, 'verb' | 'type'>): boolean {
  return verb === 'create' && type.group === 'authorization.k8s.io';
}

/**
 * Reads pass. The guard is asked before a write is sent, and again before it is sent once more (429, a connection that
 * broke): between two attempts there may be half a minute, and a lease.
 * @param guard throws to refuse; what it throws is what the writer gets
 */
export function guardWrites(client: KubeClient, guard: (write: GuardedWrite) => void): KubeClient {
  /** Refuses now, or answers what refuses later. */
  const ask = (write: GuardedWrite): { permit: () => void } => {
    guard(write);
    return { permit: () => guard(write) };
  };
  const object = (
    verb: GuardedWrite['verb'],
    type: ResourceType,
    body: KubeObject,
    subresource?: 'status',
  ): { permit: () => void } => {
    const { namespace, name, generateName } = body.metadata ?? {};
    return ask({ verb, type, namespace, name: name ?? generateName ?? '', subresource, body });
  };
  return {
    get: (type, key, signal) => client.get(type, key, signal),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    // Async, so that a refusal is a rejection like any other failure.
    async create(type, body, options) {
      return client.create(type, body, { ...options, ...object('create', type, body) });
    },
    async update(type, body, options) {
      return client.update(type, body, { ...options, ...object('update', type, body, options.subresource) });
    },
    async patch(type, key, patchType, patch, options) {
      const { subresource } = options;
      const permit = ask({ verb: 'patch', type, ...key, subresource, body: patch });
      return client.patch(type, key, patchType, patch, { ...options, ...permit });
    },
    async apply(type, body, options) {
      return client.apply(type, body, { ...options, ...object('apply', type, body, options.subresource) });
    },
    async delete(type, key, options) {
      return client.delete(type, key, { ...options, ...ask({ verb: 'delete', type, ...key }) });
    },
  };
}
