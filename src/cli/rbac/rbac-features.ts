/** What an installation does, as far as rights depend on it: the input of the RBAC model. */

/** Each one is a reason for rights. The chart derives them from its values, `certwright rbac` from its flags. */
export const rbacFeatures = {
  'owner-references':
    'the API server checks rights on owners before it takes ownerReferences (admission plugin OwnerReferencesPermissionEnforcement, on in OpenShift)',
  clusterissuers: 'serve ClusterIssuers',
  approver: 'approve CertificateRequests for the signers of --approve-signer-names',
  'admission-check': 'say at the start which admission is in force: policies, webhook or none',
  'ingress-shim': 'Certificates from annotations on Ingresses',
  'gateway-shim': 'Certificates from annotations on Gateways',
  listenerset: 'Certificates from annotations on ListenerSets',
  acme: 'ACME issuers: Orders, Challenges, what could not be cleaned up in time, what was used of the limits of CAs',
  'acme-http01': 'HTTP-01 challenges through Ingresses: a Pod each, or the resident responder',
  'acme-gateway': 'HTTP-01 and TLS-ALPN-01 challenges through Gateways',
  'acme-openshift': 'HTTP-01 challenges on OpenShift: hosts of Routes, and endpoints in the network of Pods',
  'acme-dns01-webhooks': 'DNS-01 through webhook solvers of the groups in --acme-webhook-groups',
  'acme-service-account-tokens':
    'DNS-01 with tokens of ServiceAccounts that an issuer names (Route53 auth.kubernetes)',
  'csr-signers': 'sign CertificateSigningRequests of certificates.k8s.io',
  cainjector: 'write CA bundles into what carries a cert-manager.io/inject-ca-from annotation',
  'inject-mutating-webhooks': 'cainjector: into MutatingWebhookConfigurations',
  'inject-validating-webhooks': 'cainjector: into ValidatingWebhookConfigurations',
  'inject-crds': 'cainjector: into the conversion webhooks of CustomResourceDefinitions',
  'inject-apiservices': 'cainjector: into APIServices',
  'inject-from-certificates': 'cainjector: take the CA from the Secret of a Certificate',
  webhook: 'the admission webhook with a serving certificate of its own',
  'metrics-tls': 'metrics over TLS with a certificate of our own CA',
  'leader-election': 'one of several replicas works',
  sharding: 'replicas share the work by Leases',
  'aggregated-roles': 'add cert-manager.io kinds to the roles view, edit, admin and cluster-reader',
} as const;

export type RbacFeature = keyof typeof rbacFeatures;
export type Component = 'controller' | 'cainjector' | 'webhook';

export interface RbacSettings {
  features: ReadonlySet<RbacFeature>;
  /** Prefix of every name; the ServiceAccount of the controller is named so itself. */
  fullname: string;
  /** Where the ServiceAccounts live. */
  namespace: string;
  /** The one namespace that is served; absent: all, and rights are cluster-wide. */
  watchNamespace?: string;
  leaderElectionNamespace: string;
  /** Where the CA Secret of TLS metrics lives, and its name. */
  metricsCaSecret: { namespace: string; name: string };
  /** resourceNames of the verb `approve`. */
  approveSignerNames: readonly string[];
  /** Where the Secrets of ClusterIssuers are; absent: beside the ServiceAccounts. */
  clusterResourceNamespace?: string;
  /** API groups of DNS-01 webhook solvers. */
  acmeWebhookGroups?: readonly string[];
  /** Who runs each role of the process: all of them one ServiceAccount, or one each. */
  serviceAccounts: Readonly<Record<Component, string>>;
}

export const defaultFeatures: readonly RbacFeature[] = [
  'owner-references',
  'clusterissuers',
  'approver',
  'admission-check',
  'ingress-shim',
  'acme',
  'acme-http01',
  'cainjector',
  'inject-mutating-webhooks',
  'inject-validating-webhooks',
  'inject-crds',
  'inject-apiservices',
  'inject-from-certificates',
  'leader-election',
  'aggregated-roles',
];

/** These need rights on cluster-scoped objects, which whoever serves one namespace does not get. */
export const clusterScopedFeatures: readonly RbacFeature[] = [
  'clusterissuers',
  'admission-check',
  'csr-signers',
  'cainjector',
  'inject-mutating-webhooks',
  'inject-validating-webhooks',
  'inject-crds',
  'inject-apiservices',
  'inject-from-certificates',
  'aggregated-roles',
  'webhook',
  'acme-dns01-webhooks',
];

/**
 * What is on unless said otherwise. Approving needs a ClusterRole, because admission asks for it without a namespace:
 * whoever serves one namespace gets it only when it is named.
 */
export function featuresByDefault(watchNamespace: string | undefined): RbacFeature[] {
  if (watchNamespace === undefined) return [...defaultFeatures];
  return defaultFeatures.filter(
    (feature) => feature !== 'approver' && !clusterScopedFeatures.includes(feature),
  );
}

export const defaultApproveSignerNames: readonly string[] = [
  'issuers.cert-manager.io/*',
  'clusterissuers.cert-manager.io/*',
];
