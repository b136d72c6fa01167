/** Which resources exist: the coordinates under which a kind is served, as discovery reports them. */

export interface ResourceType {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** `group/version`, or only the version for the core group. */
export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

const certManager = { group: 'cert-manager.io', version: 'v1' } as const;
const acme = { group: 'acme.cert-manager.io', version: 'v1' } as const;
const core = { group: '', version: 'v1' } as const;

export const certificates: ResourceType = {
  ...certManager,
  kind: 'Certificate',
  plural: 'certificates',
  singular: 'certificate',
  namespaced: true,
  shortNames: ['cert', 'certs'],
  categories: ['cert-manager'],
};

export const certificateRequests: ResourceType = {
  ...certManager,
  kind: 'CertificateRequest',
  plural: 'certificaterequests',
  singular: 'certificaterequest',
  namespaced: true,
  shortNames: ['cr', 'crs'],
  categories: ['cert-manager'],
};

export const issuers: ResourceType = {
  ...certManager,
  kind: 'Issuer',
  plural: 'issuers',
  singular: 'issuer',
  namespaced: true,
  shortNames: ['iss'],
  categories: ['cert-manager'],
};

export const clusterIssuers: ResourceType = {
  ...certManager,
  kind: 'ClusterIssuer',
  plural: 'clusterissuers',
  singular: 'clusterissuer',
  namespaced: false,
  shortNames: ['ciss'],
  categories: ['cert-manager'],
};

export const orders: ResourceType = {
  ...acme,
  kind: 'Order',
  plural: 'orders',
  singular: 'order',
  namespaced: true,
  categories: ['cert-manager', 'cert-manager-acme'],
};

export const challenges: ResourceType = {
  ...acme,
  kind: 'Challenge',
  plural: 'challenges',
  singular: 'challenge',
  namespaced: true,
  categories: ['cert-manager', 'cert-manager-acme'],
};

export const namespaces: ResourceType = {
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  namespaced: false,
  shortNames: ['ns'],
};

export const secrets: ResourceType = {
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  namespaced: true,
};

export const configMaps: ResourceType = {
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  namespaced: true,
  shortNames: ['cm'],
};

export const serviceAccounts: ResourceType = {
  ...core,
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  namespaced: true,
  shortNames: ['sa'],
};

export const events: ResourceType = {
  ...core,
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  namespaced: true,
  shortNames: ['ev'],
};

export const leases: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  namespaced: true,
};

export const customResourceDefinitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
};

export const certificateSigningRequests: ResourceType = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  namespaced: false,
  shortNames: ['csr'],
};

/** Asked, and answered at once; nothing is stored. */
export const subjectAccessReviews: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  singular: 'subjectaccessreview',
  namespaced: false,
};

const admissionRegistration = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  namespaced: false,
} as const;

export const mutatingWebhookConfigurations: ResourceType = {
  ...admissionRegistration,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  categories: ['api-extensions'],
};

export const validatingWebhookConfigurations: ResourceType = {
  ...admissionRegistration,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  categories: ['api-extensions'],
};

export const apiServices: ResourceType = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  singular: 'apiservice',
  namespaced: false,
  categories: ['api-extensions'],
};
