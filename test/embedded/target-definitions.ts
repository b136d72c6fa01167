/** Shapes of the kinds that CA injection fills and that the embedded server does not serve: enough for server-side apply. */
import type { KubeObject } from '../../src/api/meta.ts';
import {
  apiServices,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  type ResourceType,
} from '../../src/api/resources.ts';

function definition(type: ResourceType, properties: object): KubeObject {
  const { group, version, kind, plural, singular } = type;
  const openAPIV3Schema = { type: 'object', properties };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
    },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, plural, singular, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  } as KubeObject;
}

const text = { type: 'string' };
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const clientConfig = { type: 'object', properties: { caBundle: { ...text, format: 'byte' }, service: open } };
const webhooks = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: {
    type: 'object',
    required: ['name', 'sideEffects', 'admissionReviewVersions'],
    properties: {
      name: text,
      clientConfig,
      sideEffects: text,
      admissionReviewVersions: { type: 'array', items: text },
    },
  },
};

export const targetDefinitions: readonly KubeObject[] = [
  definition(mutatingWebhookConfigurations, { webhooks }),
  definition(validatingWebhookConfigurations, { webhooks }),
  definition(apiServices, {
    spec: {
      type: 'object',
      required: ['group'],
      properties: {
        caBundle: { ...text, format: 'byte' },
        group: text,
        version: text,
        groupPriorityMinimum: { type: 'integer' },
        versionPriority: { type: 'integer' },
        service: open,
      },
    },
  }),
];
