/** Label keys, finalizers and virtual RBAC resources (spec/api.md §19). */

/** `true` on target and next-private-key Secrets: they are cached in full. Any other value hides the Secret. */
export const filteredSecret = 'controller.cert-manager.io/fao';
/** `true` on the Secret that holds the key of the certificate being issued. */
export const nextPrivateKey = 'cert-manager.io/next-private-key';
/** On everything an HTTP-01 solver creates. */
export const http01Domain = 'acme.cert-manager.io/http-domain';
export const http01Token = 'acme.cert-manager.io/http-token';
export const http01Solver = 'acme.cert-manager.io/http01-solver';
export const managedBy = 'app.kubernetes.io/managed-by';
export const managedByController = 'cert-manager';
export const managedByWebhook = 'cert-manager-webhook';
/** Never copied from Ingress-like objects. */
export const applySetPartOf = 'applyset.kubernetes.io/part-of';

export const challengeFinalizer = 'acme.cert-manager.io/finalizer';
/** Still recognised and removed. */
export const legacyChallengeFinalizer = 'finalizer.acme.cert-manager.io';

/** RBAC resource `signers.cert-manager.io`, verbs `approve` and `reference`; it has no objects. */
export const signersResource = {
  group: 'cert-manager.io',
  resource: 'signers',
  approve: 'approve',
  reference: 'reference',
} as const;
