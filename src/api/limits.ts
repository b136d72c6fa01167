/** Bounds and defaults of the API (spec/api.md §20). Durations in milliseconds, sizes in bytes. */

export const defaultDuration = 90 * 24 * 3_600_000;
export const minimumDuration = 3_600_000;
export const minimumRenewBefore = 5 * 60_000;
/** certificates.k8s.io CertificateSigningRequests. */
export const minimumSigningRequestDuration = 600_000;
export const maximumCommonNameBytes = 64;
export const minimumRsaBits = 2048;
export const maximumRsaBits = 8192;
export const defaultRsaBits = 2048;
export const defaultEcdsaBits = 256;
export const ecdsaBits = [256, 384, 521] as const;
export const defaultRevisionHistoryLimit = 1;
export const maximumCertificatePemBytes = 36_500;
export const maximumPrivateKeyPemBytes = 13_000;
export const maximumChainPemBytes = 95_000;
export const maximumBundlePemBytes = 330_000;
export const maximumChainCertificates = 1000;
/** Kubernetes' limit for the keys and values of all annotations of one object together. */
export const maximumAnnotationBytes = 256 * 1024;

export const defaultIssuerKind = 'Issuer';
export const defaultIssuerGroup = 'cert-manager.io';
export const defaultUsages = ['digital signature', 'key encipherment'] as const;
