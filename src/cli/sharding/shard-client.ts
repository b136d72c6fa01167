/** A client that sees, and may write, what belongs to the shards of one turn; controllers need to know nothing of shards. */
import type { CertificateSigningRequest } from '../../api/certificate-signing-request.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import { signerReference } from '../../controllers/certificatesigningrequest/signer-name.ts';
import type { KubeClient, WatchEvent } from '../../kube/client.ts';
import { guardWrites, isReview } from '../../kube/guarded-client.ts';

export interface ShardRule {
  /** The shard of a namespace is ours. */
  owns: (namespace: string | undefined) => boolean;
  /** Everybody reads the Secrets of ClusterIssuers. */
  clusterResourceNamespace: string;
  /** @throws when the namespace may not be written to (any more) */
  guard: (namespace: string | undefined) => void;
}

const requestKind = 'CertificateSigningRequest';

export function shardClient(client: KubeClient, rule: ShardRule): KubeClient {
  /** Of the CertificateSigningRequests that we see: a patch of one says nothing of its signer. */
  const homes = new Map<string, string | undefined>();

  const sees = (type: ResourceType, object: KubeObject): boolean => {
    const { metadata } = object;
    if (type.kind === 'ClusterIssuer') return true;
    if (type.kind === 'Secret' && metadata?.namespace === rule.clusterResourceNamespace) return true;
    if (type.kind !== requestKind) return rule.owns(metadata?.namespace);
    // It is in no namespace, but its signer may be: whoever has that Issuer and the Secret of its CA in memory signs.
    const home = signerReference((object as CertificateSigningRequest).spec.signerName)?.namespace;
    if (!rule.owns(home)) return false;
    homes.set(metadata?.name ?? '', home);
    return true;
  };
  const guarded = guardWrites(client, (write) => {
    // Reviews store nothing. Events tell of writes that were looked at; those of objects of no namespace are in `default`.
    if (isReview(write) || write.type.kind === 'Event') return;
    rule.guard(write.type.kind === requestKind ? homes.get(write.name) : write.namespace);
  });

  return {
    ...guarded,
    async list(type, options) {
      const list = await client.list<KubeObject>(type, options);
      return { ...list, items: list.items.filter((item) => sees(type, item)) } as never;
    },
    async *watch<T extends KubeObject>(
      type: ResourceType,
      options?: Parameters<KubeClient['watch']>[1],
    ): AsyncGenerator<WatchEvent<T>> {
      for await (const event of client.watch<T>(type, options)) {
        if (event.type !== 'BOOKMARK' && !sees(type, event.object)) continue;
        if (event.type === 'DELETED' && type.kind === requestKind)
          homes.delete(event.object.metadata?.name ?? '');
        yield event;
      }
    },
  };
}
