/** Writes and deletes the objects of one Challenge's TLSRoute; finds out which version of TLSRoute the server has. */
import { endpointSlices, services } from '../../api/workloads.ts';
import { tlsRoutes } from '../../api/routes.ts';
import { apiVersionOf, type ResourceType } from '../../api/resources.ts';
import type { KubeClient, ObjectKey } from '../../kube/client.ts';
import { ForbiddenError, KubeError, NotFoundError } from '../../kube/errors.ts';
import { SolverError, SolverReferenceError, SolverUnavailableError } from '../errors.ts';
import type { RouteObjects } from './route-objects.ts';

/** The Gateway API's standard channel, then what its experimental channel had before. */
const versions = ['v1', 'v1alpha3', 'v1alpha2'] as const;
const write = { fieldManager: 'cert-manager-challenges', force: true } as const;

export class RouteWriter {
  readonly #client: KubeClient;
  /** The one that worked last. */
  #served: ResourceType | undefined;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** @throws SolverError */
  async apply({ service, slices, route }: RouteObjects, signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? write : { ...write, signal };
    try {
      await this.#client.apply(services, service, options);
      for (const slice of slices) await this.#client.apply(endpointSlices, slice, options);
      await this.#applyRoute(route, options);
    } catch (error) {
      throw wrap(error, 'written');
    }
  }

  /** What is gone already stays gone. @throws SolverError */
  async delete(key: ObjectKey, signal?: AbortSignal): Promise<void> {
    const gone = (error: unknown): void => {
      if (!(error instanceof NotFoundError)) throw error;
    };
    const options = signal === undefined ? {} : { signal };
    try {
      for (const type of this.#served === undefined ? versions.map(routeType) : [this.#served])
        await this.#client.delete(type, key, options).catch(gone);
      for (const family of ['ipv4', 'ipv6'])
        await this.#client
          .delete(endpointSlices, { ...key, name: `${key.name}-${family}` }, options)
          .catch(gone);
      await this.#client.delete(services, key, options).catch(gone);
    } catch (error) {
      throw wrap(error, 'deleted');
    }
  }

  async #applyRoute(
    route: RouteObjects['route'],
    options: { fieldManager: string; force: boolean; signal?: AbortSignal },
  ): Promise<void> {
    for (const type of this.#served === undefined ? versions.map(routeType) : [this.#served]) {
      try {
        await this.#client.apply(type, { ...route, apiVersion: apiVersionOf(type) }, options);
        this.#served = type;
        return;
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        this.#served = undefined;
      }
    }
    throw new SolverReferenceError(
      'the API server knows no TLSRoute: install the Gateway API with it, or choose tlsALPN01.listener',
    );
  }
}

function routeType(version: (typeof versions)[number]): ResourceType {
  return { ...tlsRoutes, version };
}

function wrap(error: unknown, what: string): unknown {
  if (error instanceof SolverError || !(error instanceof KubeError)) return error;
  const said = error.message.slice(0, 300);
  if (error instanceof ForbiddenError)
    return new SolverReferenceError(
      `the objects of the TLSRoute may not be ${what}: ${said}; give this process the rights that "certwright rbac" prints`,
      error,
    );
  if (!error.retryable)
    return new SolverReferenceError(`the objects of the TLSRoute are not ${what}: ${said}`, error);
  const after = error.retryAfterMs;
  return new SolverUnavailableError(`the objects of the TLSRoute are not ${what} yet: ${said}`, {
    cause: error,
    ...(after === undefined ? {} : { retryAfterMs: after }),
  });
}
