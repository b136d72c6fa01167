/** The caches of Ingresses, Gateways and listener sets: one of each for all controllers that read it, begun once it is served. */
import { ingressClusterIssuer, ingressIssuer } from '../../api/annotations.ts';
import type { KubeObject } from '../../api/meta.ts';
import { componentOf, type ControllerName } from '../../api/components.ts';
import { cacheKey, type Informer } from '../../kube/cache.ts';
import type { ControllerContext } from '../context.ts';
import { isTrue } from './certificate-annotations.ts';
import type { ShimOptions } from './options.ts';
import { whenServed, type Unserved } from './served.ts';
import { trimGateway, trimIngress, trimListenerSet, type ShimKind, type ShimObject } from './shim-object.ts';
import { resourceOf } from './wanted-certificate.ts';

export interface ShimWatch {
  readonly informer: Informer<ShimObject>;
  /** True once the cache is complete; false when stopped before. */
  readonly ready: Promise<boolean>;
}

export type ShimWatches = (
  context: ControllerContext,
  kind: ShimKind,
  reader: ControllerName,
  signal: AbortSignal,
) => ShimWatch;

/** Indexes: `secret` (`namespace/name` of every Secret that is mentioned) and `parent` (`namespace/name` of the Gateway). */
export function createShimWatches(options: ShimOptions): ShimWatches {
  // Controllers of one process are handed the same context.
  const begun = new WeakMap<ControllerContext, Map<ShimKind, ShimWatch>>();
  return (context, kind, reader, signal) => {
    const known = begun.get(context) ?? new Map<ShimKind, ShimWatch>();
    begun.set(context, known);
    const watch = known.get(kind) ?? begin(context, kind, reader, options, signal);
    known.set(kind, watch);
    return watch;
  };
}

function begin(
  context: ControllerContext,
  kind: ShimKind,
  reader: ControllerName,
  options: ShimOptions,
  signal: AbortSignal,
): ShimWatch {
  const resource = resourceOf[kind];
  const informer = context.watch<ShimObject>(resource, {
    namespace: context.options.namespace,
    trim: trimmer(kind, options),
    indexes: {
      secret: secretKeys,
      parent: ({ parent }) => (parent === undefined ? [] : [cacheKey(parent.namespace, parent.name)]),
    },
  });
  const name = `${resource.plural}.${resource.group}`;
  const tell = (why: Unserved | 'served'): void => {
    // Newer Gateway APIs have no experimental listener sets any more: their absence is what is to be expected.
    const quiet = why === 'absent' && (options.quietWhileAbsent === true || kind === 'XListenerSet');
    context.log[quiet ? 'debug' : levels[why]]({ resource: name }, words(why, kind, reader));
  };
  const ready = (async () => {
    if (!(await whenServed(context, resource, tell, signal))) return false;
    try {
      await informer.start(signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  })();
  return { informer, ready };
}

const levels = { absent: 'info', forbidden: 'warn', failed: 'warn', served: 'info' } as const;

function words(why: Unserved | 'served', kind: ShimKind, reader: ControllerName): string {
  const { group, plural } = resourceOf[kind];
  const what = `${plural}.${group}`;
  const unserved =
    kind === 'Ingress'
      ? `the API server serves no ${what}; ${reader} waits for them`
      : `the API server has no definition of ${what}; ${reader} begins as soon as the Gateway API's definitions are installed, no restart is needed`;
  return {
    absent: unserved,
    forbidden: `${componentOf(reader)} may not list ${what}: grant get, list and watch (certwright rbac prints the roles), or leave the controller out with --controllers=*,-${reader}; everything else goes on`,
    failed: `${what} could not be listed; it is tried again`,
    served: `${what} are served now; ${reader} begins`,
  }[why];
}

/** What asks for nothing is kept as a name. Gateways keep their annotations: listener sets take theirs from them. */
function trimmer(kind: ShimKind, options: ShimOptions): (object: KubeObject) => ShimObject {
  switch (kind) {
    case 'Ingress':
      return (object) => {
        const full = trimIngress(object);
        const keys = Object.keys(full.annotations);
        const asks =
          keys.includes(ingressIssuer) ||
          keys.includes(ingressClusterIssuer) ||
          options.autoCertificateAnnotations.some((key) => isTrue(full.annotations[key]));
        return asks ? full : { ...full, labels: {}, annotations: {}, tls: [] };
      };
    case 'Gateway':
      return (object) => {
        const full = trimGateway(object);
        const asks =
          full.annotations[ingressIssuer] !== undefined ||
          full.annotations[ingressClusterIssuer] !== undefined;
        return asks ? full : { ...full, labels: {}, listeners: [] };
      };
    default:
      return trimListenerSet(kind);
  }
}

function secretKeys({ namespace, tls, listeners }: ShimObject): readonly string[] {
  const names = new Set(tls.map(({ secretName }) => secretName));
  for (const listener of listeners)
    for (const { name } of listener.tls?.certificateRefs ?? []) names.add(name);
  names.delete('');
  return [...names].map((name) => cacheKey(namespace, name));
}
