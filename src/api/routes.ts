/** Ingresses, Gateways and their routes: how requests from outside reach a Service, reduced to the fields we write or read. */
import type { KubeObject } from './meta.ts';
import type { ResourceType } from './resources.ts';
import type { ParentReference } from './solver-http01.ts';

const gatewayApi = { group: 'gateway.networking.k8s.io', categories: ['gateway-api'] } as const;

export const httpRoutes: ResourceType = {
  ...gatewayApi,
  version: 'v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
  singular: 'httproute',
  namespaced: true,
};

/** Older Gateway APIs serve it as v1alpha2 or v1alpha3, in the experimental channel. */
export const tlsRoutes: ResourceType = {
  ...gatewayApi,
  version: 'v1',
  kind: 'TLSRoute',
  plural: 'tlsroutes',
  singular: 'tlsroute',
  namespaced: true,
};

export interface IngressPath {
  path?: string;
  pathType: string;
  backend: {
    service?: { name: string; port?: { name?: string; number?: number } };
    resource?: { apiGroup?: string; kind: string; name: string };
  };
}

export interface IngressRule {
  host?: string;
  http?: { paths: IngressPath[] };
}

export interface Ingress extends KubeObject {
  spec?: {
    ingressClassName?: string;
    defaultBackend?: IngressPath['backend'];
    rules?: IngressRule[];
    tls?: { hosts?: string[]; secretName?: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface BackendReference {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  port?: number;
  weight?: number;
}

export interface HttpRouteRule {
  matches?: { path?: { type?: string; value?: string } }[];
  backendRefs?: BackendReference[];
}

/** What each parent made of a route (Gateway API RouteParentStatus). */
export interface RouteStatus {
  parents?: {
    parentRef?: ParentReference;
    controllerName?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  }[];
}

export interface HttpRoute extends KubeObject {
  spec?: { parentRefs?: ParentReference[]; hostnames?: string[]; rules?: HttpRouteRule[] };
  status?: RouteStatus;
}

export interface TlsRoute extends KubeObject {
  spec?: {
    parentRefs?: ParentReference[];
    hostnames?: string[];
    rules?: { backendRefs?: BackendReference[] }[];
  };
  status?: RouteStatus;
}

export interface GatewayListener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
}

export interface Gateway extends KubeObject {
  spec?: { gatewayClassName?: string; listeners?: GatewayListener[] };
  status?: { addresses?: { type?: string; value?: string }[] };
}
