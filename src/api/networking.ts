/** Coordinates of what brings traffic in: Ingresses, and the Gateway API's Gateways and listener sets. */
import type { ResourceType } from './resources.ts';

const networking = { group: 'networking.k8s.io', version: 'v1' } as const;

export const ingresses: ResourceType = {
  ...networking,
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  namespaced: true,
  shortNames: ['ing'],
};

export const ingressClasses: ResourceType = {
  ...networking,
  kind: 'IngressClass',
  plural: 'ingressclasses',
  singular: 'ingressclass',
  namespaced: false,
};

const gatewayApi = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  categories: ['gateway-api'],
} as const;

export const gateways: ResourceType = {
  ...gatewayApi,
  kind: 'Gateway',
  plural: 'gateways',
  singular: 'gateway',
  namespaced: true,
  shortNames: ['gtw'],
};

export const listenerSets: ResourceType = {
  ...gatewayApi,
  kind: 'ListenerSet',
  plural: 'listenersets',
  singular: 'listenerset',
  namespaced: true,
  shortNames: ['lset'],
};

/** The experimental channel up to Gateway API 1.4, before ListenerSet was stable. */
export const experimentalListenerSets: ResourceType = {
  group: 'gateway.networking.x-k8s.io',
  version: 'v1alpha1',
  kind: 'XListenerSet',
  plural: 'xlistenersets',
  singular: 'xlistenerset',
  namespaced: true,
  shortNames: ['lset'],
  categories: ['gateway-api'],
};
