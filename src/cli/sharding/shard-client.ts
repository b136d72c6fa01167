/** A client that sees, and may write, what belongs to the shards of one turn; controllers need to know nothing of shards. */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import type { KubeClient, WatchEvent } from '../../kube/client.ts';
import { guardWrites } from '../../kube/guarded-client.ts';

export interface ShardRule {
  /** The shard of a namespace is ours. */
  owns: (namespace: string | undefined) => boolean;
  /** Everybody reads the Secrets of ClusterIssuers. */
  clusterResourceNamespace: string;
  /** @throws when the namespace may not be written to (any more) */
  guard: (namespace: string | undefined) => void;
}

export function shardClient(client: KubeClient, rule: ShardRule): KubeClient {
  const sees = (type: ResourceType, { metadata }: KubeObject): boolean => {
    if (type.kind === 'ClusterIssuer') return true;
    if (type.kind === 'Secret' && metadata?.namespace === rule.clusterResourceNamespace) return true;
    return rule.owns(metadata?.namespace);
  };
  const guarded = guardWrites(client, ({ namespace }) => rule.guard(namespace));
  return {
    ...guarded,
    async list(type, options) {
      const list = await client.list<KubeObject>(type, options);
      return { ...list, items: list.items.filter((item) => sees(type, item)) } as never;
    },
    watch: <T extends KubeObject>(
      type: ResourceType,
      options?: Parameters<KubeClient['watch']>[1],
    ): AsyncIterable<WatchEvent<T>> =>
      filtered(client.watch<T>(type, options), (object) => sees(type, object)),
  };
}

async function* filtered<T extends KubeObject>(
  events: AsyncIterable<WatchEvent<T>>,
  sees: (object: T) => boolean,
): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events) if (event.type === 'BOOKMARK' || sees(event.object)) yield event;
}
