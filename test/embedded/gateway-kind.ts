/** The definition of a kind of the Gateway API with as much of a schema as a test needs. */
import type { KubeObject } from '../../src/api/meta.ts';
import type { ResourceType } from '../../src/api/resources.ts';

/** @param properties of the object; @param version what its one version has beside its schema */
export function gatewayKind(
  { group, version: name, plural, singular, kind }: ResourceType,
  properties: object,
  version: object = {},
): KubeObject {
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
          name,
          served: true,
          storage: true,
          ...version,
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
  } as KubeObject;
}
