/** Gateway and HTTPRoute as small as tests need them, with the defaults that the published definition of routes has: they come back. */
import { gateways } from '../../../src/api/networking.ts';
import { httpRoutes } from '../../../src/api/routes.ts';
import { gatewayKind } from '../gateway-kind.ts';

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

const withStatus = { subresources: { status: {} } };

export const httpRouteDefinition = gatewayKind(httpRoutes, { spec: routeSpec, status: open }, withStatus);
export const gatewayDefinition = gatewayKind(gateways, { spec: open, status: open }, withStatus);
