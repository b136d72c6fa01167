/** Puts the answer where the CA looks: who answers, the Service in front of it, and the route that leads there. Idempotent. */
import type { Challenge } from '../../api/challenge.ts';
import { ingresses } from '../../api/networking.ts';
import { httpRoutes, type HttpRoute, type Ingress } from '../../api/routes.ts';
import { endpointSlices, pods, services, type Service } from '../../api/workloads.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { SolverConfigurationError, SolverNotServedError, SolverReferenceError } from '../errors.ts';
import type { PodIdentity } from '../settings.ts';
import type { Http01Deps } from './http01-deps.ts';
import { backendOf, solverIngress, withSolverPath } from './solver-ingress.ts';
import {
  again,
  create,
  deleteAll,
  ensureOne,
  findOwn,
  replace,
  type Reach,
  type SolverKind,
} from './solver-objects.ts';
import { solverPod } from './solver-pod.ts';
import { sameRoute, solverRoute, updatedRoute } from './solver-route.ts';
import { isPodService, podService, residentService, residentSlices, sameSlice } from './solver-service.ts';

export type Way = 'listener' | 'Pod' | 'Resident';

/** What there is after presenting, for the self-check. */
export interface Presented {
  way: Way;
  service?: Service;
  /** The solver's own, or the user's that was edited. */
  ingress?: Ingress;
  route?: HttpRoute;
}

/** Caches of the kinds; which of them there are is known at the start. */
export function kindsOf({ caches }: Http01Deps) {
  const kind = <T extends object>(
    type: SolverKind<T>['type'],
    cache: SolverKind<T>['cache'],
  ): SolverKind<T> => ({
    type,
    ...(cache === undefined ? {} : { cache }),
  });
  return {
    pods: kind(pods, caches?.pods),
    services: kind(services, caches?.services),
    endpointSlices: kind(endpointSlices, caches?.endpointSlices),
    ingresses: kind(ingresses, caches?.ingresses),
    httpRoutes: kind(httpRoutes, caches?.httpRoutes),
  };
}

/** How the section is answered in this process; without a cluster, every section by the process itself. */
export function wayOf({ spec }: Challenge, { settings }: Http01Deps): Way {
  const { listener, ingress, gatewayHTTPRoute } = spec.solver.http01 ?? {};
  if (listener !== undefined || !settings.inCluster) return 'listener';
  return (ingress ?? gatewayHTTPRoute)?.responder ?? settings.http01.responder;
}

export async function present(
  deps: Http01Deps,
  challenge: Challenge,
  signal?: AbortSignal,
): Promise<Presented> {
  const { ingress, gatewayHTTPRoute } = challenge.spec.solver.http01 ?? {};
  const wanted = wayOf(challenge, deps);
  if (wanted === 'listener') {
    await answerHere(deps, challenge);
    return { way: 'listener' };
  }
  if (ingress === undefined && gatewayHTTPRoute === undefined)
    throw new SolverConfigurationError(
      'the HTTP-01 solver has none of the sections ingress, gatewayHTTPRoute and listener: set one of them in the issuer',
    );
  if (gatewayHTTPRoute !== undefined && !deps.settings.http01.gatewayApi) {
    const { namespace = '', name = '' } = challenge.metadata ?? {};
    throw new SolverNotServedError(
      `couldn't Present challenge ${namespace}/${name}: gateway api is not enabled; start the controller with --enable-gateway-api`,
    );
  }
  const reach: Reach = { client: deps.client, challenge, ...(signal === undefined ? {} : { signal }) };
  const { way, service } = await presentService(deps, reach, wanted);
  const name = service.metadata?.name ?? '';
  if (gatewayHTTPRoute !== undefined) return { way, service, route: await presentRoute(deps, reach, name) };
  if ((ingress?.name ?? '') !== '')
    return { way, service, ingress: await editIngress(deps, reach, name, ingress?.name ?? '') };
  return { way, service, ingress: await presentIngress(deps, reach, name) };
}

/** A Challenge is finished the way it was begun, also when the flag changed or cert-manager began it. */
async function presentService(
  deps: Http01Deps,
  reach: Reach,
  wanted: Exclude<Way, 'listener'>,
): Promise<{ way: Exclude<Way, 'listener'>; service: Service }> {
  const kinds = kindsOf(deps);
  const { challenge } = reach;
  const [begun] = await findOwn(kinds.services, reach);
  const way = begun === undefined ? wanted : isPodService(begun) ? 'Pod' : 'Resident';
  if (way === 'Pod') {
    const [service] = await Promise.all([
      ensureOne(kinds.services, reach, () => podService(challenge, deps.settings.http01)),
      ensureOne(kinds.pods, reach, () => solverPod(challenge, deps.settings.http01)),
    ]);
    return { way, service };
  }
  await answerHere(deps, challenge);
  const to = residentTarget(deps);
  const service = await ensureOne(kinds.services, reach, () =>
    residentService(challenge, deps.settings.http01, to),
  );
  await presentSlices(deps, reach, service, to);
  return { way, service };
}

/** Into the table of this process, and out of it by its listener or webroot. */
async function answerHere(deps: Http01Deps, { metadata, spec }: Challenge): Promise<void> {
  const { responder } = deps;
  if (responder === undefined)
    throw new SolverNotServedError(
      'this process answers no HTTP-01 challenges by itself: start it with --acme-http01-listen, or use solver Pods (responder: Pod)',
    );
  const { dnsName: domain, token, key: keyAuthorization } = spec;
  responder.answers.setHttp01(metadata?.uid ?? '', { domain, token, keyAuthorization });
  await responder.http01Outlet.write(token, keyAuthorization);
}

function residentTarget({ pod, responder }: Http01Deps): { pod: PodIdentity; port: number } {
  const port = responder?.http01Address?.port;
  if (port === undefined)
    throw new SolverNotServedError(
      'the resident HTTP-01 solver has no listener that could be routed to: start the controller with --acme-http01-listen',
    );
  if (pod === undefined || pod.ips.length === 0)
    throw new SolverNotServedError(
      'the resident HTTP-01 solver does not know the address of its own Pod, so nothing can be routed to it: hand it over as the environment variable POD_IP (downward API, status.podIP; the chart does), or use solver Pods (responder: Pod)',
    );
  return { pod, port };
}

async function presentSlices(
  deps: Http01Deps,
  reach: Reach,
  service: Service,
  to: { pod: PodIdentity; port: number },
): Promise<void> {
  const kind = kindsOf(deps).endpointSlices;
  const found = await findOwn(kind, reach);
  const wanted = residentSlices(service, to);
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  await deleteAll(
    kind.type,
    found.filter(({ metadata }) => !names.has(metadata?.name)),
    reach,
  );
  await Promise.all(
    wanted.map(async (slice) => {
      const present = found.find(({ metadata }) => metadata?.name === slice.metadata?.name);
      if (present === undefined) await create(kind, reach, slice);
      else if (!sameSlice(present, slice))
        await replace(kind, reach, {
          ...slice,
          metadata: { ...slice.metadata, resourceVersion: present.metadata?.resourceVersion ?? '' },
        });
    }),
  );
}

async function presentIngress(deps: Http01Deps, reach: Reach, service: string): Promise<Ingress> {
  const kind = kindsOf(deps).ingresses;
  const ingress = await ensureOne(kind, reach, () =>
    solverIngress(reach.challenge, service, deps.settings.http01),
  );
  if (backendOf(ingress) === service) return ingress;
  await deleteAll(kind.type, [ingress], reach);
  throw again(
    'service name changed, existing challenge solver ingresses found and cleaned up. retrying challenge sync',
  );
}

async function editIngress(deps: Http01Deps, reach: Reach, service: string, name: string): Promise<Ingress> {
  const { challenge, client, signal } = reach;
  const namespace = challenge.metadata?.namespace ?? '';
  // Not from a cache: it is somebody else's, and other Challenges write to it at the same time.
  const ingress = await client
    .get<Ingress>(ingresses, { namespace, name }, signal)
    .catch((error: unknown) => {
      if (error instanceof NotFoundError)
        throw new SolverReferenceError(
          `the solver edits Ingress ${namespace}/${name} in place, and there is none: create it, or remove http01.ingress.name from the solver (or the acme.cert-manager.io/http01-edit-in-place annotation)`,
          error,
        );
      throw error;
    });
  const edited = withSolverPath(ingress, challenge, service, deps.settings.http01);
  return edited === undefined ? ingress : replace({ type: ingresses }, reach, edited);
}

async function presentRoute(deps: Http01Deps, reach: Reach, service: string): Promise<HttpRoute> {
  const kind = kindsOf(deps).httpRoutes;
  const wanted = solverRoute(reach.challenge, service, deps.settings.http01);
  const route = await ensureOne(kind, reach, () => wanted);
  return sameRoute(route, wanted) ? route : replace(kind, reach, updatedRoute(route, wanted));
}
