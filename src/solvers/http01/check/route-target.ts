/** Where the route to the solver comes in, by what Ingress and Gateway say of themselves in their status. */
import { gateways, listenerSets } from '../../../api/networking.ts';
import type { Gateway, HttpRoute, Ingress } from '../../../api/routes.ts';
import type { ParentReference } from '../../../api/solver-http01.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { KubeError, NotFoundError } from '../../../kube/errors.ts';

export interface RouteTarget {
  /** `Ingress shop/web`, for people. */
  name: string;
  /** IP addresses and host names. */
  hosts: readonly string[];
  port: number;
  /** Why there are no hosts, in words that name the remedy. */
  problem?: string;
}

export function ingressTarget(ingress: Ingress): RouteTarget {
  const { namespace = '', name: own = '' } = ingress.metadata ?? {};
  const name = `Ingress ${namespace}/${own}`;
  const hosts = (ingress.status?.loadBalancer?.ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || '')
    .filter((host) => host !== '');
  if (hosts.length > 0) return { name, hosts, port: 80 };
  const className = ingress.spec?.ingressClassName ?? '';
  const which = className === '' ? 'It has no class' : `Its class is ${className}`;
  return {
    name,
    hosts,
    port: 80,
    problem: `${name} has no address in its status: no ingress controller has taken it up yet, or it does not publish one. ${which}`,
  };
}

interface ListenerSet extends KubeObject {
  spec?: { parentRef?: ParentReference; listeners?: { name: string; port: number; protocol: string }[] };
}

/** The first parent that has an address. Costs a read for each parent until there is one: keep the answer. */
export async function gatewayTarget(
  client: KubeClient,
  route: HttpRoute,
  signal?: AbortSignal,
): Promise<RouteTarget> {
  let last: RouteTarget | undefined;
  for (const parent of (route.spec?.parentRefs ?? []).slice(0, 4)) {
    last = await parentTarget(client, parent, route, signal);
    if (last.hosts.length > 0) return last;
  }
  const { namespace = '', name = '' } = route.metadata ?? {};
  return (
    last ?? {
      name: `HTTPRoute ${namespace}/${name}`,
      hosts: [],
      port: 80,
      problem: 'the HTTPRoute has no parents',
    }
  );
}

async function parentTarget(
  client: KubeClient,
  parent: ParentReference,
  route: HttpRoute,
  signal?: AbortSignal,
): Promise<RouteTarget> {
  const { kind = 'Gateway' } = parent;
  const namespace = parent.namespace ?? route.metadata?.namespace ?? '';
  const name = `${kind} ${namespace}/${parent.name}`;
  try {
    if (kind === 'ListenerSet') {
      const set = await client.get<ListenerSet>(listenerSets, { namespace, name: parent.name }, signal);
      const above = set.spec?.parentRef;
      if (above === undefined) return { name, hosts: [], port: 80, problem: `${name} names no Gateway` };
      const gateway = await client.get<Gateway>(
        gateways,
        { namespace: above.namespace ?? namespace, name: above.name },
        signal,
      );
      return targetOf(name, gateway, portOf(set.spec?.listeners ?? [], parent));
    }
    if (kind !== 'Gateway')
      return { name, hosts: [], port: 80, problem: `${name} is no Gateway: its address is not looked up` };
    const gateway = await client.get<Gateway>(gateways, { namespace, name: parent.name }, signal);
    return targetOf(name, gateway, portOf(gateway.spec?.listeners ?? [], parent));
  } catch (error) {
    if (error instanceof NotFoundError)
      return {
        name,
        hosts: [],
        port: 80,
        problem: `there is no ${name}: create it, or change parentRefs of the solver`,
      };
    if (!(error instanceof KubeError) || signal?.aborted === true) throw error;
    return { name, hosts: [], port: 80, problem: `${name} could not be read (${error.code})` };
  }
}

function targetOf(name: string, gateway: Gateway, port: number | undefined): RouteTarget {
  const hosts = (gateway.status?.addresses ?? [])
    .map(({ value = '' }) => value)
    .filter((value) => value !== '');
  if (port === undefined)
    return {
      name,
      hosts: [],
      port: 80,
      problem: `${name} has no HTTP listener that the route could attach to: add one on port 80 that allows routes from the Challenge's namespace`,
    };
  if (hosts.length > 0) return { name, hosts, port };
  return {
    name,
    hosts,
    port,
    problem: `${name} has no address in its status: its controller has not set it up yet`,
  };
}

/** Of the HTTP listener that the parent reference means: port 80 where there is one. */
function portOf(
  listeners: readonly { name: string; port: number; protocol: string }[],
  parent: ParentReference,
): number | undefined {
  const fitting = listeners.filter(
    ({ name, port, protocol }) =>
      protocol === 'HTTP' &&
      (parent.sectionName === undefined || parent.sectionName === name) &&
      (parent.port === undefined || parent.port === port),
  );
  return (fitting.find(({ port }) => port === 80) ?? fitting[0])?.port;
}
