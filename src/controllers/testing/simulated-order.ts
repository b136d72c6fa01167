/** An Order that somebody approved, and the Challenge for its only name. */
import { dns01Value } from '../../acme/challenge-values.ts';
import type { Challenge, ChallengeSpec } from '../../api/challenge.ts';
import type { OwnerReference } from '../../api/meta.ts';
import type { Order } from '../../api/order.ts';
import type { Solver } from '../../api/solver.ts';

/** By the first part of an issuer's name: objects that the Challenge owns, the process itself, what costs a provider something. */
export const ways: Readonly<Record<'ingress' | 'listener' | 'dns', Solver>> = {
  ingress: { http01: { ingress: { ingressClassName: 'nginx' } } },
  listener: { http01: { listener: {} } },
  dns: { dns01: { cloudflare: { apiTokenSecretRef: { name: 'cloudflare', key: 'token' } } } },
};

export interface Wish extends Pick<ChallengeSpec, 'dnsName' | 'issuerRef' | 'url' | 'authorizationURL'> {
  name: string;
  way: keyof typeof ways;
}

/** Both are named as the wish. @param version they have the next two, and UIDs made of it */
export function simulatedOrder(
  { name, way, ...wish }: Wish,
  version: number,
  now: number,
): { order: Order; challenge: Challenge } {
  const { dnsName, issuerRef, url, authorizationURL } = wish;
  const type = way === 'dns' ? 'DNS-01' : 'HTTP-01';
  const token = 'token';
  const common = { namespace: 'shop', name, generation: 1 };
  const uid = `order-${version}`;
  const order: Order = {
    metadata: {
      ...common,
      uid,
      resourceVersion: String(version + 1),
      ownerReferences: [ownedBy('cert-manager.io/v1', 'CertificateRequest', name, `request-${uid}`)],
    },
    spec: { request: '', issuerRef, dnsNames: [dnsName] },
    status: {
      state: 'pending',
      url: 'https://ca/order/1',
      authorizations: [
        {
          url: authorizationURL,
          identifier: dnsName,
          wildcard: false,
          challenges: [{ url, type: type.toLowerCase(), token }],
        },
      ],
    },
  };
  const challenge: Challenge = {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: {
      ...common,
      uid: `challenge-${version}`,
      creationTimestamp: new Date(now).toISOString(),
      ownerReferences: [ownedBy('acme.cert-manager.io/v1', 'Order', name, uid)],
    },
    spec: {
      ...wish,
      type,
      token,
      key: type === 'DNS-01' ? dns01Value('token.t') : 'token.t',
      wildcard: false,
      solver: ways[way],
    },
  };
  return { order, challenge };
}

function ownedBy(apiVersion: string, kind: string, name: string, uid: string): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
