/** The Vault section of an issuer: HashiCorp Vault's or OpenBao's PKI engine signs. */
import { secretKeySelector, serviceAccountReference } from './secret-reference.ts';
import { bytes, object, optional, text, type Static } from './schema.ts';

const appRoleSchema = object('Log in with an AppRole.', {
  path: text('Mount path of the method. Empty means approle.'),
  roleId: text('Role ID.'),
  secretRef: secretKeySelector('Secret entry with the secret ID.'),
});

const clientCertificateSchema = object('Log in with a TLS client certificate.', {
  mountPath: optional(text('Mount path of the method. Default: /v1/auth/cert.')),
  secretName: optional(
    text('Secret of type kubernetes.io/tls with certificate and key. Default: those of clientCertSecretRef.'),
  ),
  name: optional(text('Certificate role to log in as. Default: Vault picks one that fits.')),
});

const kubernetesSchema = object('Log in with a ServiceAccount token.', {
  mountPath: optional(text('Mount path of the method. Default: /v1/auth/kubernetes.')),
  role: text('Vault role to log in as.'),
  secretRef: optional(
    secretKeySelector('Secret entry with a long-lived token. Prefer serviceAccountRef.', 'Default: token.'),
  ),
  serviceAccountRef: optional(
    serviceAccountReference(
      'ServiceAccount to request a token of ten minutes for. Excludes secretRef.',
      'Audiences beside vault://namespace/issuer and the server URL, which are always asked for.',
    ),
  ),
});

const awsSchema = object('Log in as an AWS identity.', {
  mountPath: optional(text('Mount path of the method. Default: /v1/auth/aws.')),
  role: text('Vault role to log in as.', { minLength: 1 }),
  region: optional(text('AWS region. Default: that of the environment, else us-east-1.')),
  serviceAccountRef: optional(
    serviceAccountReference(
      'ServiceAccount whose token is exchanged for the role (IRSA). Default: ambient AWS credentials.',
      'Audiences beside sts.amazonaws.com, which is always asked for.',
    ),
  ),
  iamRoleArn: optional(text('IAM role to assume. Required with serviceAccountRef.')),
  vaultHeaderValue: optional(
    text('Value of the X-Vault-AWS-IAM-Server-ID header, where the server asks for it.'),
  ),
});

export const vaultAuthSchema = object('How to log in to Vault. Exactly one of the methods.', {
  tokenSecretRef: optional(secretKeySelector('Secret entry with a Vault token.', 'Default: token.')),
  appRole: optional(appRoleSchema),
  clientCertificate: optional(clientCertificateSchema),
  kubernetes: optional(kubernetesSchema),
  aws: optional(awsSchema),
});

export const vaultIssuerSchema = object('Signs with the PKI engine of a Vault server.', {
  server: text('URL of the server, for example https://vault.example.com:8200.'),
  serverName: optional(text('Name to verify the server certificate against. Default: the host of server.')),
  path: text('Path of the sign endpoint, for example pki/sign/web. Without .. segments.'),
  namespace: optional(text('Vault Enterprise namespace.')),
  caBundle: optional(
    bytes(
      'PEM certificates to verify the server with. Excludes caBundleSecretRef. Default: the system roots.',
    ),
  ),
  caBundleSecretRef: optional(
    secretKeySelector(
      'Secret entry with PEM certificates to verify the server with. Excludes caBundle.',
      'Default: ca.crt.',
    ),
  ),
  clientCertSecretRef: optional(
    secretKeySelector(
      'Secret entry with a TLS client certificate. Needs clientKeySecretRef.',
      'Default: tls.crt.',
    ),
  ),
  clientKeySecretRef: optional(
    secretKeySelector(
      'Secret entry with the key of the client certificate. Needs clientCertSecretRef.',
      'Default: tls.key.',
    ),
  ),
  auth: vaultAuthSchema,
});

export interface VaultAuth extends Static<typeof vaultAuthSchema> {}
export interface VaultIssuer extends Static<typeof vaultIssuerSchema> {}
