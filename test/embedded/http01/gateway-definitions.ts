/** Gateway and HTTPRoute as small as tests need them, with the defaults that the published definition of routes has: they come back. */
import type { KubeObject } from '../../../src/api/meta.ts';
import { gateways } from '../../../src/api/networking.ts';
import type { ResourceType } from '../../../src/api/resources.ts';
import { httpRoutes } from '../../../src/api/routes.ts';

const text = { type: 'string' };
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const routeSpec = {
  type: 'object',
  properties: {
    hostnames: { type: 'array', items: text },
    parentRefs: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          group: { ...text, default: 'gateway.networking.k8s.io' },
          kind: { ...text, default: 'Gateway' },
          name: text,
          namespace: text,
          sectionName: text,
          port: { type: 'integer' },
        },
      },
    },
    rules: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          matches: { type: 'array', items: open },
          filters: { type: 'array', items: open },
          backendRefs: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                group: { ...text, default: '' },
                kind: { ...text, default: 'Service' },
                name: text,
                namespace: text,
                port: { type: 'integer' },
                weight: { type: 'integer', default: 1 },
              },
            },
          },
          timeouts: {
            type: 'object',
            default: {},
            properties: { request: { ...text, default: '10s' } },
          },
        },
      },
    },
  },
};

function definition({ group, version, plural, singular, kind }: ResourceType, spec: object): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: {
        'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/891',
      },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular, kind },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: open } } },
        },
      ],
    },
  } as KubeObject;
}

export const httpRouteDefinition = definition(httpRoutes, routeSpec);
export const gatewayDefinition = definition(gateways, open);
