/** The caches of what HTTP-01 solvers made, so that presenting again before each check asks the API server nothing. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { http01Solver } from '../../api/labels.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import { httpRoutes, type HttpRoute, type Ingress } from '../../api/routes.ts';
import { ingresses } from '../../api/networking.ts';
import {
  endpointSlices,
  pods,
  services,
  type EndpointSlice,
  type Pod,
  type Service,
} from '../../api/workloads.ts';
import type { Informer, InformerOptions } from '../../kube/cache.ts';

/** `context.watch` of the controllers. */
export type Watch = <T>(resource: ResourceType, options: InformerOptions<T>) => Informer<T>;

/**
 * Only what carries `acme.cert-manager.io/http01-solver: "true"`; found by the UID of the controlling Challenge. Nobody waits
 * for them: a cache that is not complete (yet, or because its kind is not served or may not be listed) is not read, and the
 * API server is asked instead.
 */
export interface SolverCaches {
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly ingresses: Informer<Ingress>;
  readonly endpointSlices: Informer<EndpointSlice>;
  /** Absent where the Gateway API is switched off. */
  readonly httpRoutes?: Informer<HttpRoute>;
  /** In the background, until the signal aborts. */
  start(signal: AbortSignal): void;
}

export const solverSelector = `${http01Solver}=true`;

/** Name of the index. */
export const byChallenge = 'challenge';

export function createSolverCaches(
  watch: Watch,
  options: { gatewayApi: boolean; namespace?: string },
): SolverCaches {
  const { gatewayApi, namespace } = options;
  const cache = <T extends KubeObject>(resource: ResourceType, trim: (object: T) => T): Informer<T> =>
    watch<T>(resource, {
      labelSelector: solverSelector,
      ...(namespace === undefined ? {} : { namespace }),
      trim: (object) => trim(withoutManagedFields(object as T)),
      indexes: {
        [byChallenge]: (object) => {
          const owner = controllingOwner(object.metadata);
          return owner === undefined ? [] : [owner.uid];
        },
      },
    });
  const caches = {
    pods: cache<Pod>(pods, trimPod),
    services: cache<Service>(services, (service) => service),
    ingresses: cache<Ingress>(ingresses, (ingress) => ingress),
    endpointSlices: cache<EndpointSlice>(endpointSlices, (slice) => slice),
    ...(gatewayApi ? { httpRoutes: cache<HttpRoute>(httpRoutes, (route) => route) } : {}),
  };
  return {
    ...caches,
    start(signal) {
      // Rejects with the end of the signal alone: the watch repairs itself.
      for (const one of Object.values(caches)) one.start(signal).catch(() => undefined);
    },
  };
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** The key authorization is in the arguments of the container: nobody reads them here, so they are not kept. */
function trimPod(pod: Pod): Pod {
  const { spec: _dropped, ...rest } = pod;
  return rest;
}
