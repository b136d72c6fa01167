/** The Certificate that one Secret of an object asks for (spec/shims-webhook-cainjector.md §6). */
import { isIP } from 'node:net';
import type { CertificateSpec } from '../../api/certificate.ts';
import type { KeyUsage } from '../../api/enumerations.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { gateways, experimentalListenerSets, ingresses, listenerSets } from '../../api/networking.ts';
import { apiVersionOf, type ResourceType } from '../../api/resources.ts';
import type { AnnotatedSpec } from './annotated-spec.ts';
import type { WantedIssuer } from './resolve-issuer.ts';
import type { ShimKind, ShimObject } from './shim-object.ts';

export interface WantedCertificate {
  readonly namespace: string;
  /** That of the Secret. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly owner: OwnerReference;
  readonly spec: CertificateSpec;
  /** `spec.usages` is only a default: no annotation asks for it. */
  readonly defaultUsages: boolean;
}

export const resourceOf: Readonly<Record<ShimKind, ResourceType>> = {
  Ingress: ingresses,
  Gateway: gateways,
  ListenerSet: listenerSets,
  XListenerSet: experimentalListenerSets,
};

const defaultUsages: readonly KeyUsage[] = ['digital signature', 'key encipherment'];
/** Membership in an ApplySet is the object's own: `kubectl apply --prune` would take the Certificate away. */
const applySet = 'applyset.kubernetes.io/part-of';

export function wantedCertificate(
  object: ShimObject,
  secretName: string,
  hosts: readonly string[],
  asked: { issuer: WantedIssuer; spec: AnnotatedSpec; annotations: ReadonlyMap<string, string> },
): WantedCertificate {
  const { dnsNames: moreNames, ipAddresses: moreAddresses, usages, ...annotated } = asked.spec;
  const dnsNames = unique([...hosts.filter((host) => isIP(host) === 0), ...moreNames]);
  const ipAddresses = unique([...hosts.filter((host) => isIP(host) !== 0), ...moreAddresses]);
  return {
    namespace: object.namespace,
    name: secretName,
    labels: new Map(Object.entries(object.labels).filter(([key]) => key !== applySet)),
    annotations: asked.annotations,
    owner: {
      apiVersion: apiVersionOf(resourceOf[object.kind]),
      kind: object.kind,
      name: object.name,
      uid: object.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
    spec: {
      ...(annotated as Partial<CertificateSpec>),
      ...(dnsNames.length === 0 ? {} : { dnsNames }),
      ...(ipAddresses.length === 0 ? {} : { ipAddresses }),
      secretName,
      issuerRef: { ...asked.issuer },
      usages: [...(usages ?? defaultUsages)],
    },
    defaultUsages: usages === undefined,
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
