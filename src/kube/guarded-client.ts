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

/** Reads pass. @param guard throws to refuse; what it throws is what the writer gets */
export function guardWrites(client: KubeClient, guard: (write: GuardedWrite) => void): KubeClient {
  const object = (
    verb: GuardedWrite['verb'],
    type: ResourceType,
    { metadata }: KubeObject,
    body: unknown,
    subresource?: 'status',
  ): void =>
    guard({
      verb,
      type,
      namespace: metadata?.namespace,
      name: metadata?.name ?? metadata?.generateName ?? '',
      subresource,
      body,
    });
  return {
    get: (type, key, signal) => client.get(type, key, signal),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    // Async, so that a refusal is a rejection like any other failure.
    async create(type, body, options) {
      object('create', type, body, body);
      return client.create(type, body, options);
    },
    async update(type, body, options) {
      object('update', type, body, body, options.subresource);
      return client.update(type, body, options);
    },
    async patch(type, key, patchType, patch, options) {
      guard({ verb: 'patch', type, ...key, subresource: options.subresource, body: patch });
      return client.patch(type, key, patchType, patch, options);
    },
    async apply(type, body, options) {
      object('apply', type, body, body, options.subresource);
      return client.apply(type, body, options);
    },
    async delete(type, key, options) {
      guard({ verb: 'delete', type, ...key });
      return client.delete(type, key, options);
    },
  };
}
