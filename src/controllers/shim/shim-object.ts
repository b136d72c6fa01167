/** What is kept of an Ingress, Gateway or listener set: enough to decide about Certificates, and no more. */
import type { KubeObject } from '../../api/meta.ts';
import { cacheKey, type CacheKey } from '../../kube/cache.ts';

export type ShimKind = 'Ingress' | 'Gateway' | 'ListenerSet' | 'XListenerSet';

/** One entry of an Ingress's `spec.tls`. */
export interface TlsEntry {
  readonly hosts: readonly string[];
  /** Empty when absent. */
  readonly secretName: string;
}

export interface CertificateRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

/** One listener of a Gateway or listener set. */
export interface Listener {
  readonly name: string;
  readonly protocol: string;
  /** Empty when absent. */
  readonly hostname: string;
  readonly tls?: { readonly mode: string; readonly certificateRefs: readonly CertificateRef[] };
}

export interface ShimObject {
  readonly kind: ShimKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Being deleted, or about to be with everything that depends on it. */
  readonly deleting: boolean;
  /** Ingress only. */
  readonly tls: readonly TlsEntry[];
  /** Gateway and listener sets only. */
  readonly listeners: readonly Listener[];
  /** Listener sets only: the Gateway they belong to. */
  readonly parent?: { readonly namespace: string; readonly name: string };
}

export function keyOf({ namespace, name }: Pick<ShimObject, 'namespace' | 'name'>): CacheKey {
  return cacheKey(namespace, name);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const partOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

/** Definitions of other people's kinds promise these shapes; what does not have them counts as absent. */
export function trimIngress(object: KubeObject): ShimObject {
  const tls = listOf(specOf(object)['tls']).map((entry) => {
    const { hosts, secretName } = partOf(entry);
    return { hosts: listOf(hosts).map(textOf), secretName: textOf(secretName) };
  });
  return { ...metadataOf(object, 'Ingress'), tls, listeners: [] };
}

export function trimGateway(object: KubeObject): ShimObject {
  return { ...metadataOf(object, 'Gateway'), tls: [], listeners: listenersOf(object) };
}

/** Absent where the parent is of another kind than Gateway: nobody here knows what its listeners do. */
export function trimListenerSet(kind: 'ListenerSet' | 'XListenerSet'): (object: KubeObject) => ShimObject {
  return (object) => {
    const metadata = metadataOf(object, kind);
    const reference = partOf(specOf(object)['parentRef']);
    const name = textOf(reference['name']);
    const group = textOf(reference['group']) || 'gateway.networking.k8s.io';
    const isGateway =
      group === 'gateway.networking.k8s.io' && (textOf(reference['kind']) || 'Gateway') === 'Gateway';
    const parent = { namespace: textOf(reference['namespace']) || metadata.namespace, name };
    const listeners = listenersOf(object);
    return { ...metadata, tls: [], listeners, ...(name !== '' && isGateway ? { parent } : {}) };
  };
}

function listenersOf(object: KubeObject): Listener[] {
  return listOf(specOf(object)['listeners']).map((each) => {
    const { name, protocol, hostname, tls } = partOf(each);
    const { mode, certificateRefs } = partOf(tls);
    const refs = listOf(certificateRefs).map((ref) => {
      const { group, kind, name: secret, namespace } = partOf(ref);
      return {
        name: textOf(secret),
        ...(typeof group === 'string' ? { group } : {}),
        ...(typeof kind === 'string' ? { kind } : {}),
        ...(typeof namespace === 'string' ? { namespace } : {}),
      };
    });
    return {
      name: textOf(name),
      protocol: textOf(protocol),
      hostname: textOf(hostname),
      ...(tls === undefined || tls === null ? {} : { tls: { mode: textOf(mode), certificateRefs: refs } }),
    };
  });
}

function specOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return partOf((object as { spec?: unknown }).spec);
}

/** What kubectl remembers of a manifest is as large as the object again, and says nothing to us. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function metadataOf(object: KubeObject, kind: ShimKind): Omit<ShimObject, 'tls' | 'listeners'> {
  const metadata = object.metadata ?? {};
  const { [lastApplied]: _dropped, ...annotations } = metadata.annotations ?? {};
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    labels: metadata.labels ?? {},
    annotations,
    deleting:
      metadata.deletionTimestamp !== undefined ||
      metadata.finalizers?.includes('foregroundDeletion') === true,
  };
}
