/** Issuer and ClusterIssuer: who signs (cert-manager.io/v1). Both kinds share spec and status. */
import { acmeIssuerSchema } from './issuer-acme.ts';
import { vaultIssuerSchema } from './issuer-vault.ts';
import { venafiIssuerSchema } from './issuer-venafi.ts';
import { observedConditions } from './condition.ts';
import { kindSchema } from './kind.ts';
import { object, optional, rules, text, texts, type Static } from './schema.ts';

const crlDistributionPoints = texts(
  'URLs of certificate revocation lists to put into certificates (RFC 5280 §4.2.1.13). Default: no such extension.',
);

export const caIssuerSchema = object('Signs with a CA key pair kept in a Secret.', {
  secretName: text('Secret with tls.crt and tls.key of the CA, and the root in ca.crt if it is another one.'),
  crlDistributionPoints: optional(crlDistributionPoints),
  ocspServers: optional(texts('URLs of OCSP responders to put into certificates (RFC 5280 §4.2.2.1).')),
  issuingCertificateURLs: optional(
    texts('URLs of the CA certificate to put into certificates (RFC 5280 §4.2.2.1).'),
  ),
});

export const selfSignedIssuerSchema = object(
  'Signs each certificate with its own key: for roots and for tests.',
  {
    crlDistributionPoints: optional(crlDistributionPoints),
  },
);

export const issuerSpecSchema = object(
  'How certificates are signed. Exactly one of the sections.',
  {
    acme: optional(acmeIssuerSchema),
    ca: optional(caIssuerSchema),
    selfSigned: optional(selfSignedIssuerSchema),
    vault: optional(vaultIssuerSchema),
    venafi: optional(venafiIssuerSchema),
  },
  rules({
    rule: `${['acme', 'ca', 'selfSigned', 'vault', 'venafi'].map((type) => `(has(self.${type}) ? 1 : 0)`).join(' + ')} == 1`,
    message: 'set exactly one of acme, ca, selfSigned, vault and venafi',
  }),
);

export const issuerStatusSchema = object('Whether the issuer can sign. Written by the controllers.', {
  conditions: optional(observedConditions('Ready')),
  acme: optional(
    object('The account with the ACME CA.', {
      uri: optional(text('URL of the account.')),
      lastRegisteredEmail: optional(text('Contact address last sent to the CA.')),
      lastPrivateKeyHash: optional(text('Base64 SHA-256 of the account key last registered.')),
    }),
  ),
});

export const issuerSchema = kindSchema(
  'An Issuer signs CertificateRequests of its own namespace.',
  issuerSpecSchema,
  issuerStatusSchema,
);

export const clusterIssuerSchema = kindSchema(
  'A ClusterIssuer signs CertificateRequests of every namespace. Its Secrets live in the cluster resource namespace.',
  issuerSpecSchema,
  issuerStatusSchema,
);

export interface CAIssuer extends Static<typeof caIssuerSchema> {}
export interface SelfSignedIssuer extends Static<typeof selfSignedIssuerSchema> {}
export interface IssuerSpec extends Static<typeof issuerSpecSchema> {}
export interface IssuerStatus extends Static<typeof issuerStatusSchema> {}
/** An Issuer object, see spec/api.md §11. */
export interface Issuer extends Static<typeof issuerSchema> {}
/** A ClusterIssuer object, see spec/api.md §11. */
export interface ClusterIssuer extends Static<typeof clusterIssuerSchema> {}
