/** Which rights each part needs: exactly the verbs that the code uses, one role for each reason. The only place they are written. */
import { debtsConfigMap } from '../../controllers/challenge/debts.ts';
import { budgetConfigMap } from '../acme/budget-store.ts';
import { policies } from '../../admission/policies/policies.ts';
import { allow, type NeededRule, type PolicyRule, type RoleDefinition } from './policy-rule.ts';
import type { RbacFeature } from './rbac-features.ts';

const certManager = 'cert-manager.io';
const acme = 'acme.cert-manager.io';
const gateway = 'gateway.networking.k8s.io';
const admission = 'admissionregistration.k8s.io';
const read = ['list', 'watch'] as const;

const needed = (rule: PolicyRule, needs?: RbacFeature): NeededRule =>
  needs === undefined ? { rule } : { needs, rule };

/** Checked in admission, never asked for: the owner of what carries `blockOwnerDeletion`. */
const ownerOf = (group: string, ...resources: string[]): NeededRule =>
  needed(
    allow(
      group,
      resources.map((resource) => `${resource}/finalizers`),
      ['update'],
    ),
    'owner-references',
  );

const events: NeededRule = needed(allow('', ['events'], ['create', 'patch']));

/** What client-go and we do to a Lease: `create` cannot be limited to a name. */
function lease(name: string): NeededRule[] {
  return [
    needed(allow('coordination.k8s.io', ['leases'], ['get', 'update'], [name])),
    needed(allow('coordination.k8s.io', ['leases'], ['create'])),
  ];
}

/** A shim makes Certificates, and reads one anew to see who owns a field of it; what it watches is read only. */
function shim(group: string, resource: string): readonly NeededRule[] {
  return [
    needed(allow(group, [resource], read)),
    needed(allow(certManager, ['certificates'], ['get', 'create', 'patch', 'delete'])),
    ownerOf(group, resource),
  ];
}

/** The same for each kind of object that takes a CA bundle. */
const injected = (group: string, resource: string, needs: RbacFeature): NeededRule =>
  needed(allow(group, [resource], ['list', 'watch', 'patch']), needs);

export const roleDefinitions: readonly RoleDefinition[] = [
  {
    suffix: '-controller-certificates',
    component: 'controller',
    scope: 'served',
    needs: [],
    rules: () => [
      needed(allow(certManager, ['certificates'], read)),
      needed(allow(certManager, ['certificates/status'], ['update'])),
      needed(allow(certManager, ['certificaterequests'], ['get', 'list', 'watch', 'create', 'delete'])),
      needed(allow(certManager, ['certificaterequests/status'], ['patch'])),
      ownerOf(certManager, 'certificates'),
      needed(allow('', ['secrets'], ['get', 'list', 'watch', 'create', 'patch', 'delete'])),
      events,
    ],
  },
  {
    suffix: '-controller-issuers',
    component: 'controller',
    scope: 'served',
    needs: [],
    rules: () => [
      needed(allow(certManager, ['issuers'], read)),
      needed(allow(certManager, ['issuers/status'], ['patch'])),
    ],
  },
  {
    suffix: '-controller-clusterissuers',
    component: 'controller',
    scope: 'cluster',
    needs: ['clusterissuers'],
    rules: () => [
      needed(allow(certManager, ['clusterissuers'], read)),
      needed(allow(certManager, ['clusterissuers/status'], ['patch'])),
    ],
  },
  {
    suffix: '-controller-approve',
    component: 'controller',
    scope: 'approval',
    needs: ['approver'],
    rules: ({ approveSignerNames }) => [
      needed(allow(certManager, ['signers'], ['approve'], approveSignerNames)),
    ],
  },
  {
    suffix: '-controller-admission-check',
    component: 'controller',
    scope: 'cluster',
    needs: ['admission-check'],
    rules: () => [
      ...(['Validating', 'Mutating'] as const).map((kind) => {
        const resource = `${kind.toLowerCase()}admissionpolic`;
        const names = policies()
          .filter(({ policy }) => policy.kind === `${kind}AdmissionPolicy`)
          .map(({ name }) => name);
        return needed(allow(admission, [`${resource}ies`, `${resource}ybindings`], ['get'], names));
      }),
      needed(
        allow(
          admission,
          ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
          ['get'],
          ['certwright-webhook', 'cert-manager-webhook'],
        ),
        'webhook',
      ),
    ],
  },
  {
    suffix: '-controller-ingress-shim',
    component: 'controller',
    scope: 'served',
    needs: ['ingress-shim'],
    rules: () => shim('networking.k8s.io', 'ingresses'),
  },
  {
    suffix: '-controller-gateway-shim',
    component: 'controller',
    scope: 'served',
    needs: ['gateway-shim'],
    rules: () => shim('gateway.networking.k8s.io', 'gateways'),
  },
  {
    suffix: '-controller-listenerset',
    component: 'controller',
    scope: 'served',
    needs: ['listenerset'],
    rules: () => [
      ...shim('gateway.networking.k8s.io', 'listenersets'),
      needed(allow('gateway.networking.k8s.io', ['gateways'], read)),
      needed(allow('gateway.networking.x-k8s.io', ['xlistenersets'], read)),
      ownerOf('gateway.networking.x-k8s.io', 'xlistenersets'),
    ],
  },
  {
    suffix: '-controller-orders',
    component: 'controller',
    scope: 'served',
    needs: ['acme'],
    rules: () => [
      needed(allow(acme, ['orders'], ['get', 'list', 'watch', 'create', 'delete'])),
      needed(allow(acme, ['orders/status'], ['patch'])),
      needed(allow(acme, ['challenges'], ['create', 'delete'])),
      ownerOf(certManager, 'certificaterequests'),
      ownerOf(acme, 'orders'),
    ],
  },
  {
    suffix: '-controller-challenges',
    component: 'controller',
    scope: 'served',
    needs: ['acme'],
    rules: () => [
      needed(allow(acme, ['challenges'], ['get', 'list', 'watch', 'patch'])),
      needed(allow(acme, ['challenges/status'], ['patch'])),
    ],
  },
  {
    suffix: '-controller-acme-memory',
    component: 'controller',
    scope: 'cluster-resources',
    needs: ['acme'],
    rules: () => [
      // What could not be cleaned up, and what was used of the limits of CAs.
      needed(allow('', ['configmaps'], ['get', 'patch'], [debtsConfigMap, budgetConfigMap])),
      needed(allow('', ['configmaps'], ['create'])),
    ],
  },
  {
    suffix: '-controller-acme-http01',
    component: 'controller',
    scope: 'served',
    needs: ['acme', 'acme-http01'],
    rules: () => [
      needed(allow('', ['pods'], ['list', 'watch', 'create', 'delete'])),
      // `patch`: what leads to a TLSRoute is applied.
      needed(allow('', ['services'], ['list', 'watch', 'create', 'delete'])),
      needed(allow('', ['services'], ['patch']), 'acme-gateway'),
      needed(allow('discovery.k8s.io', ['endpointslices'], ['list', 'watch', 'create', 'update', 'delete'])),
      needed(allow('discovery.k8s.io', ['endpointslices'], ['patch']), 'acme-gateway'),
      needed(
        allow('networking.k8s.io', ['ingresses'], ['get', 'list', 'watch', 'create', 'update', 'delete']),
      ),
      needed(allow('discovery.k8s.io', ['endpointslices/restricted'], ['create']), 'acme-openshift'),
      needed(allow('route.openshift.io', ['routes/custom-host'], ['create']), 'acme-openshift'),
      ownerOf(acme, 'challenges'),
    ],
  },
  {
    suffix: '-controller-acme-gateway',
    component: 'controller',
    scope: 'served',
    needs: ['acme', 'acme-http01', 'acme-gateway'],
    rules: () => [
      needed(allow(gateway, ['httproutes'], ['list', 'watch', 'create', 'update', 'delete'])),
      needed(allow(gateway, ['tlsroutes'], ['create', 'patch', 'delete'])),
      needed(allow(gateway, ['gateways', 'listenersets'], ['get'])),
    ],
  },
  {
    suffix: '-controller-acme-dns01-webhooks',
    component: 'controller',
    scope: 'cluster',
    needs: ['acme', 'acme-dns01-webhooks'],
    rules: ({ acmeWebhookGroups = [] }) => [
      // The resource is the name of a solver, which only its own server knows (acme.md §12).
      needed({ apiGroups: acmeWebhookGroups, resources: ['*'], verbs: ['create'] }),
    ],
  },
  {
    suffix: '-controller-acme-tokens',
    component: 'controller',
    scope: 'served',
    needs: ['acme', 'acme-service-account-tokens'],
    rules: () => [needed(allow('', ['serviceaccounts/token'], ['create']))],
  },
  {
    suffix: '-controller-certificatesigningrequests',
    component: 'controller',
    scope: 'cluster',
    needs: ['csr-signers'],
    rules: () => [
      needed(allow('certificates.k8s.io', ['certificatesigningrequests'], read)),
      // Whether the Order of a Challenge was made for one that is there and approved.
      needed(allow('certificates.k8s.io', ['certificatesigningrequests'], ['get']), 'acme'),
      needed(allow('certificates.k8s.io', ['certificatesigningrequests/status'], ['patch'])),
      needed(
        allow(
          'certificates.k8s.io',
          ['signers'],
          ['sign'],
          ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'],
        ),
      ),
      needed(allow('authorization.k8s.io', ['subjectaccessreviews'], ['create'])),
    ],
  },
  {
    suffix: '-controller-leaderelection',
    component: 'controller',
    scope: 'leader-election',
    needs: ['leader-election'],
    rules: () => lease('cert-manager-controller'),
  },
  {
    suffix: '-controller-sharding',
    component: 'controller',
    scope: 'leader-election',
    needs: ['sharding'],
    rules: () => [
      needed(allow('coordination.k8s.io', ['leases'], ['get', 'list', 'create', 'update', 'delete'])),
    ],
  },
  {
    suffix: '-cainjector',
    component: 'cainjector',
    scope: 'cluster',
    needs: ['cainjector'],
    rules: () => [
      needed(allow('', ['secrets'], ['get', 'list', 'watch'])),
      needed(allow(certManager, ['certificates'], read), 'inject-from-certificates'),
      injected('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'inject-mutating-webhooks'),
      injected(
        'admissionregistration.k8s.io',
        'validatingwebhookconfigurations',
        'inject-validating-webhooks',
      ),
      injected('apiextensions.k8s.io', 'customresourcedefinitions', 'inject-crds'),
      injected('apiregistration.k8s.io', 'apiservices', 'inject-apiservices'),
    ],
  },
  {
    suffix: '-cainjector-leaderelection',
    component: 'cainjector',
    scope: 'leader-election',
    needs: ['cainjector', 'leader-election'],
    rules: () => lease('cert-manager-cainjector-leader-election'),
  },
  {
    suffix: '-webhook-dynamic-serving',
    component: 'webhook',
    scope: 'installation',
    needs: ['webhook'],
    rules: ({ fullname }) => [
      needed(allow('', ['secrets'], ['get', 'update'], [`${fullname}-webhook-ca`])),
      needed(allow('', ['secrets'], ['create'])),
    ],
  },
  {
    suffix: '-webhook-subjectaccessreviews',
    component: 'webhook',
    scope: 'cluster',
    needs: ['webhook'],
    rules: () => [needed(allow('authorization.k8s.io', ['subjectaccessreviews'], ['create']))],
  },
  {
    suffix: '-metrics-dynamic-serving',
    component: 'controller',
    scope: 'metrics-ca',
    needs: ['metrics-tls'],
    rules: ({ metricsCaSecret }) => [
      needed(allow('', ['secrets'], ['get', 'update'], [metricsCaSecret.name])),
      needed(allow('', ['secrets'], ['create'])),
    ],
  },
];
