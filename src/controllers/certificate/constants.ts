/** The exact strings of the certificate lifecycle under the names that this folder uses (values: src/api). */
import * as annotations from '../../api/annotations.ts';
import { componentOf } from '../../api/components.ts';
import * as labels from '../../api/labels.ts';
import * as entries from '../../api/secret-entries.ts';

export const annotationKeys = {
  certificateName: annotations.certificateName,
  certificateRevision: annotations.certificateRevision,
  privateKeySecretName: annotations.privateKeySecretName,
  issuerName: annotations.issuerName,
  issuerKind: annotations.issuerKind,
  issuerGroup: annotations.issuerGroup,
  temporaryCertificate: annotations.issueTemporaryCertificate,
  allowDirectInjection: annotations.allowDirectInjection,
  fallbackIssuers: annotations.fallbackIssuers,
  fallbackAfter: annotations.fallbackAfter,
  canaryIssuer: annotations.canaryIssuer,
  canaryRequest: annotations.canaryRequest,
  earlyRenewals: annotations.earlyRenewals,
} as const;

export const labelKeys = {
  filtered: labels.filteredSecret,
  nextPrivateKey: labels.nextPrivateKey,
} as const;

/**
 * Event sources and, at the same time, field managers (lifecycle §1). The peer has seven writers; we write less often
 * and name each write after the writer whose fields matter most in it: the target Secret as `issuing`, requests as
 * `requestManager`, next-private-key Secrets as `keyManager`; a status write that starts an issuance as `trigger`, one
 * that ends it as `issuing`, one that only tracks the key as `keyManager`, any other as `readiness`.
 */
export const components = {
  trigger: componentOf('certificates-trigger'),
  keyManager: componentOf('certificates-key-manager'),
  requestManager: componentOf('certificates-request-manager'),
  issuing: componentOf('certificates-issuing'),
  readiness: componentOf('certificates-readiness'),
} as const;

export const secretKeys = {
  certificate: entries.certificateEntry,
  privateKey: entries.privateKeyEntry,
  ca: entries.caEntry,
  derKey: entries.derEntry,
  combinedPem: entries.combinedPemEntry,
  jks: entries.jksKeystore,
  jksTruststore: entries.jksTruststore,
  pkcs12: entries.pkcs12Keystore,
  pkcs12Truststore: entries.pkcs12Truststore,
} as const;

export const defaultIssuerKind = 'Issuer';
export const ownGroup = 'cert-manager.io';
