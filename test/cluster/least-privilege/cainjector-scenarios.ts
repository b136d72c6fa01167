/** Everything that the cainjector does with a right. */
import type { Scenario, ScenarioWorld } from './world.ts';

const admission = 'admissionregistration.k8s.io/v1';
const annotation = (name: string, value: string): object => ({ [`cert-manager.io/${name}`]: value });

function webhook(kind: string, name: string, annotations: object): object {
  return {
    apiVersion: admission,
    kind,
    metadata: { name, annotations },
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: { url: 'https://a.example.com' },
        rules: [
          {
            apiGroups: ['none.example.com'],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['none'],
          },
        ],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
      },
    ],
  };
}

async function injected(world: ScenarioWorld, object: string, path: string, ca: string): Promise<void> {
  await world.becomes(object, path, ca);
}

export const cainjectorScenarios: readonly Scenario[] = [
  {
    title: 'CA bundles from a Certificate and from a Secret reach every kind of target',
    async run(world) {
      const ca = await world.kubectl('get', 'secret/ca-tls', '-n', 'shop', '-o', 'jsonpath={.data.ca\\.crt}');
      await world.create(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'direct', annotations: annotation('allow-direct-injection', 'true') },
          data: { 'ca.crt': ca },
        },
        webhook('ValidatingWebhookConfiguration', 'injected', annotation('inject-ca-from', 'shop/ca')),
        webhook(
          'MutatingWebhookConfiguration',
          'injected',
          annotation('inject-ca-from-secret', 'shop/direct'),
        ),
        {
          apiVersion: 'apiregistration.k8s.io/v1',
          kind: 'APIService',
          metadata: { name: 'v1.none.example.com', annotations: annotation('inject-ca-from', 'shop/ca') },
          spec: {
            group: 'none.example.com',
            version: 'v1',
            groupPriorityMinimum: 10,
            versionPriority: 10,
            service: { name: 'none', namespace: 'shop' },
          },
        },
        {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'things.some.example.com', annotations: annotation('inject-ca-from', 'shop/ca') },
          spec: {
            group: 'some.example.com',
            names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
            scope: 'Namespaced',
            conversion: {
              strategy: 'Webhook',
              webhook: {
                conversionReviewVersions: ['v1'],
                clientConfig: { url: 'https://a.example.com' },
              },
            },
            versions: [
              { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
            ],
          },
        },
      );
      const first = '.webhooks[0].clientConfig.caBundle';
      await injected(world, 'validatingwebhookconfiguration/injected', first, ca);
      await injected(world, 'mutatingwebhookconfiguration/injected', first, ca);
      await injected(world, 'apiservice/v1.none.example.com', '.spec.caBundle', ca);
      await injected(
        world,
        'crd/things.some.example.com',
        '.spec.conversion.webhook.clientConfig.caBundle',
        ca,
      );
    },
  },
];
