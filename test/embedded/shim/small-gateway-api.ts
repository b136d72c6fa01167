/** Definitions of Gateway API kinds as small as tests need them; the published ones are read in the cluster lane. */
import type { KubeObject } from '../../../src/api/meta.ts';
import { experimentalListenerSets, gateways, listenerSets } from '../../../src/api/networking.ts';
import type { ResourceType } from '../../../src/api/resources.ts';
import { gatewayKind } from '../gateway-kind.ts';

const text = { type: 'string' };
const certificateRefs = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      group: { type: 'string', default: '' },
      kind: { type: 'string', default: 'Secret' },
      name: text,
      namespace: text,
    },
  },
};
const listeners = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: {
    type: 'object',
    required: ['name', 'port', 'protocol'],
    properties: {
      name: text,
      hostname: text,
      port: { type: 'integer' },
      protocol: text,
      tls: {
        type: 'object',
        properties: { mode: { type: 'string', default: 'Terminate' }, certificateRefs },
      },
    },
  },
};

function definition(type: ResourceType, more: object): KubeObject {
  return gatewayKind(type, { spec: { type: 'object', properties: { listeners, ...more } } });
}

const parentRef = {
  type: 'object',
  required: ['name'],
  properties: { group: text, kind: text, name: text, namespace: text },
};

export const gatewayDefinition = definition(gateways, { gatewayClassName: text });
export const listenerSetDefinition = definition(listenerSets, { parentRef });
export const experimentalListenerSetDefinition = definition(experimentalListenerSets, { parentRef });
