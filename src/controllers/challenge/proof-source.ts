/** Collects what a proof needs: from the caches, and live where those speak against the Challenge or hold nothing. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { CertificateSigningRequest } from '../../api/certificate-signing-request.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { IssuerReference } from '../../api/issuer-reference.ts';
import type { KubeObject } from '../../api/meta.ts';
import { certificateRequests, certificateSigningRequests, orders } from '../../api/resources.ts';
import type { ResourceType } from '../../api/resources.ts';
import { trimOrder, type OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { cacheKey } from '../../kube/cache.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { signerReference } from '../certificatesigningrequest/signer-name.ts';
import type { ControllerContext } from '../context.ts';
import { namedIssuer } from '../named-issuer.ts';
import type { ChallengeMemory } from './memory.ts';
import {
  objectionToIssuer,
  objectionToOrder,
  objectionToOwner,
  orderOf,
  type Objection,
  type OrderOwner,
} from './prove.ts';

export type Proof =
  | { proven: true; order: OrderFacts; issuer: AnyIssuer }
  | { proven: false; objection: string };

type Source = Pick<ControllerContext, 'client' | 'informers' | 'options'>;

/** The Order in the cache, when it is the very one that the Challenge names. */
export function cachedOrder(
  { informers }: Pick<Source, 'informers'>,
  challenge: Challenge,
): OrderFacts | undefined {
  const owner = orderOf(challenge);
  if (owner === undefined) return undefined;
  const order = informers.orders.get(cacheKey(challenge.metadata?.namespace, owner.name));
  return order?.metadata?.uid === owner.uid ? order : undefined;
}

export async function prove(source: Source, challenge: Challenge, memory: ChallengeMemory): Promise<Proof> {
  let order = cachedOrder(source, challenge);
  let objection: Objection = objectionToOrder(challenge, order);
  // The Order controller writes an Order and its Challenges in one go: the cache may hear of the Challenge first.
  if (objection !== undefined) {
    order = await liveOrder(source, challenge);
    objection = objectionToOrder(challenge, order);
  }
  if (objection !== undefined || order === undefined)
    return { proven: false, objection: objection ?? 'its Order does not exist' };
  if (memory.provenOrder !== order.metadata?.uid) {
    objection = objectionToOwner(order, await ownerOf(source, order));
    if (objection !== undefined) return { proven: false, objection };
    memory.provenOrder = order.metadata?.uid;
  }
  const issuer = namedIssuer(source.informers, challenge.metadata?.namespace, challenge.spec.issuerRef);
  objection = objectionToIssuer(challenge, order, issuer);
  if (objection !== undefined || issuer === undefined)
    return { proven: false, objection: objection ?? 'its issuer does not exist' };
  return { proven: true, order, issuer };
}

async function liveOrder(source: Source, challenge: Challenge): Promise<OrderFacts | undefined> {
  const owner = orderOf(challenge);
  if (owner === undefined) return undefined;
  const found = await live(source, orders, challenge.metadata?.namespace, owner.name);
  return found === undefined ? undefined : trimOrder(found);
}

export async function ownerOf(source: Source, { metadata }: OrderFacts): Promise<OrderOwner | undefined> {
  const reference = controllingOwner(metadata);
  const namespace = metadata?.namespace;
  if (reference?.kind === 'CertificateRequest' && reference.apiVersion.startsWith('cert-manager.io/')) {
    const cached = source.informers.certificateRequests.get(cacheKey(namespace, reference.name));
    if (cached?.metadata?.uid === reference.uid) return requestOwner(cached);
    const found = await live<CertificateRequest>(source, certificateRequests, namespace, reference.name);
    return found === undefined ? undefined : requestOwner(found);
  }
  if (
    reference?.kind === 'CertificateSigningRequest' &&
    reference.apiVersion.startsWith('certificates.k8s.io/')
  ) {
    const type = certificateSigningRequests;
    const found = await live<CertificateSigningRequest>(source, type, undefined, reference.name);
    return found === undefined
      ? undefined
      : signingRequestOwner(found, namespace ?? '', source.options.clusterResourceNamespace);
  }
  return undefined;
}

function requestOwner({ metadata, spec, status }: CertificateRequest): OrderOwner {
  return {
    uid: metadata?.uid ?? '',
    issuerRef: spec.issuerRef,
    request: spec.request,
    approved: approved(status?.conditions),
  };
}

function signingRequestOwner(
  { metadata, spec, status }: CertificateSigningRequest,
  namespace: string,
  clusterResourceNamespace: string,
): OrderOwner | undefined {
  const signer = signerReference(spec.signerName);
  if (signer === undefined) return undefined;
  // An Issuer signs with what is in its own namespace only, and Orders for a ClusterIssuer are where its Secrets are:
  // whoever can write Orders elsewhere must not be able to have a request of somebody else ordered once more.
  const where = signer.kind === 'Issuer' ? signer.namespace : clusterResourceNamespace;
  if (where !== namespace) return undefined;
  const issuerRef: IssuerReference = { kind: signer.kind, name: signer.name, group: 'cert-manager.io' };
  return {
    uid: metadata?.uid ?? '',
    issuerRef,
    request: spec.request ?? '',
    approved: approved(status?.conditions),
  };
}

function approved(conditions: readonly { type: string; status: string }[] | undefined): boolean {
  const holds = (type: string): boolean =>
    conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  return holds('Approved') && !holds('Denied');
}

async function live<T extends KubeObject>(
  { client }: Pick<Source, 'client'>,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get<T>(type, namespace === undefined ? { name } : { namespace, name });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
