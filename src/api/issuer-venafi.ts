/** The Venafi section of an issuer: CyberArk Certificate Manager, self-hosted or as a service, signs. */
import { secretKeySelector, secretReference } from './secret-reference.ts';
import { bytes, object, optional, rules, text, type Static } from './schema.ts';

const tppSchema = object('Certificate Manager, Self-Hosted (Trust Protection Platform).', {
  url: text('URL of the server, for example https://tpp.example.com/vedsdk.'),
  credentialsRef: secretReference(
    'Secret with access-token, or username and password; client-id is optional and defaults to cert-manager.io.',
  ),
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
});

const cloudSchema = object('Certificate Manager, SaaS.', {
  url: optional(text('URL of the service. Default: https://api.venafi.cloud/.')),
  apiTokenSecretRef: secretKeySelector('Secret entry with the API key.', 'Default: api-key.'),
});

const ngtsSchema = object('Next-Gen Trust Security of Palo Alto Networks.', {
  url: optional(text('URL of the service. Default: https://api.strata.paloaltonetworks.com/ngts.')),
  tokenEndpoint: optional(
    text(
      'URL of the OAuth token endpoint. Default: https://auth.apps.paloaltonetworks.com/oauth2/access_token.',
    ),
  ),
  tsgID: text('Tenant service group, sent as scope tsg_id:ID.'),
  credentialsRef: secretReference('Secret with client-id and client-secret.'),
});

export const venafiIssuerSchema = object(
  'Signs with CyberArk Certificate Manager (formerly Venafi). Exactly one of tpp, cloud and ngts.',
  {
    zone: text('Zone (policy folder or application and template) to request certificates in.'),
    tpp: optional(tppSchema),
    cloud: optional(cloudSchema),
    ngts: optional(ngtsSchema),
  },
  rules({
    rule: '(has(self.tpp) ? 1 : 0) + (has(self.cloud) ? 1 : 0) + (has(self.ngts) ? 1 : 0) == 1',
    message: 'exactly one of tpp, cloud, or ngts must be configured',
  }),
);

export interface VenafiIssuer extends Static<typeof venafiIssuerSchema> {}
