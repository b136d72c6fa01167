/** Issuers that cannot sign, whether a Certificate asks them to or not: a folder with one of them is not all well. */
import type { ClusterIssuer, Issuer } from '../../api/issuer.ts';
import { clusterIssuers, issuers } from '../../api/resources.ts';
import { notSupported } from '../../controllers/issuer/decide.ts';
import type { KubeClient } from '../../kube/client.ts';

export interface IssuerTrouble {
  /** `Issuer shop/ca`. */
  title: string;
  cause: string;
  /** Waiting does not help. */
  final: boolean;
}

/** From the API itself: a watch may not have told yet of an issuer that was just applied. */
export async function issuerTrouble(client: Pick<KubeClient, 'list'>): Promise<IssuerTrouble[]> {
  const [namespaced, clusterWide] = await Promise.all([
    client.list<Issuer>(issuers),
    client.list<ClusterIssuer>(clusterIssuers),
  ]);
  const trouble: IssuerTrouble[] = [];
  for (const { metadata, status } of [...namespaced.items, ...clusterWide.items]) {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') continue;
    const { namespace, name = '' } = metadata ?? {};
    trouble.push({
      title: namespace === undefined ? `ClusterIssuer ${name}` : `Issuer ${namespace}/${name}`,
      cause: ready?.message ?? 'it was not checked yet',
      final: ready?.reason === notSupported,
    });
  }
  return trouble.toSorted((a, b) => (a.title < b.title ? -1 : 1));
}
