/** Everything that stands between a Certificate and its CA, read once: issuer, newest request, its Order, its Challenges. */
import type { CertificateRequest } from '../../../api/certificate-request.ts';
import type { Certificate } from '../../../api/certificate.ts';
import type { Challenge } from '../../../api/challenge.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { Order } from '../../../api/order.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
} from '../../../api/resources.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { NotFoundError } from '../../../kube/errors.ts';

export interface Chain {
  certificate: Certificate;
  /** Undefined: it is not there, or belongs to another API group. */
  issuer: AnyIssuer | undefined;
  /** The newest; another issuer than the Certificate's own may have been asked. */
  request: CertificateRequest | undefined;
  order: Order | undefined;
  challenges: readonly Challenge[];
}

/** Undefined: there is no such Certificate. */
export async function readChain(
  client: Pick<KubeClient, 'get' | 'list'>,
  namespace: string,
  name: string,
): Promise<Chain | undefined> {
  const certificate = await orNone(client.get<Certificate>(certificates, { namespace, name }));
  if (certificate === undefined) return undefined;
  const [requestsThere, ordersThere, challengesThere] = await Promise.all([
    client.list<CertificateRequest>(certificateRequests, { namespace }),
    client.list<Order>(orders, { namespace }),
    client.list<Challenge>(challenges, { namespace }),
  ]);
  const request = newest(ownedBy(requestsThere.items, certificate));
  const order = request === undefined ? undefined : newest(ownedBy(ordersThere.items, request));
  const own = order === undefined ? [] : ownedBy(challengesThere.items, order);
  const { name: signer, kind = 'Issuer', group = '' } = request?.spec.issuerRef ?? certificate.spec.issuerRef;
  const isOurs = group === '' || group === 'cert-manager.io';
  const issuer = !isOurs
    ? undefined
    : await orNone(
        kind === 'ClusterIssuer'
          ? client.get<AnyIssuer>(clusterIssuers, { name: signer })
          : client.get<AnyIssuer>(issuers, { namespace, name: signer }),
      );
  return { certificate, issuer, request, order, challenges: own };
}

function ownedBy<T extends KubeObject>(objects: readonly T[], owner: KubeObject): T[] {
  const uid = owner.metadata?.uid;
  return objects.filter(({ metadata }) =>
    metadata?.ownerReferences?.some((reference) => reference.uid === uid),
  );
}

function newest<T extends KubeObject>(objects: readonly T[]): T | undefined {
  const at = ({ metadata }: T): string => metadata?.creationTimestamp ?? '';
  return objects.toSorted((a, b) => (at(a) < at(b) ? 1 : -1))[0];
}

async function orNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
