/** The DNS-01 solvers: a TXT record, written through one of the DNS providers (RFC 8555 §8.4). */
import { Type } from 'typebox';
import { secretKeySelector, serviceAccountReference } from './secret-reference.ts';
import { object, oneOf, optional, text, texts, type Static } from './schema.ts';

const akamaiSchema = object('Akamai Edge DNS.', {
  serviceConsumerDomain: text('Host of the API client, for example akab-xxxx.luna.akamaiapis.net.'),
  clientTokenSecretRef: secretKeySelector('Secret entry with the client token.'),
  clientSecretSecretRef: secretKeySelector('Secret entry with the client secret.'),
  accessTokenSecretRef: secretKeySelector('Secret entry with the access token.'),
});

const cloudDNSSchema = object('Google Cloud DNS.', {
  project: text('Project that holds the zone.'),
  serviceAccountSecretRef: optional(
    secretKeySelector('Secret entry with a service account key in JSON. Default: ambient credentials.'),
  ),
  hostedZoneName: optional(text('Managed zone to write to. Default: found by name.')),
});

const cloudflareSchema = object('Cloudflare DNS. Exactly one of apiKeySecretRef and apiTokenSecretRef.', {
  email: optional(text('Account of the API key. Required with apiKeySecretRef.')),
  apiKeySecretRef: optional(secretKeySelector('Secret entry with the global API key. Prefer a token.')),
  apiTokenSecretRef: optional(secretKeySelector('Secret entry with an API token for the zone.')),
});

const route53Schema = object('Amazon Route 53.', {
  auth: optional(
    object('How to log in to AWS. Absent: static keys below, else ambient credentials.', {
      kubernetes: object('With the token of a ServiceAccount.', {
        serviceAccountRef: serviceAccountReference(
          'ServiceAccount to request a token of ten minutes for.',
          'Audiences of the token. Default: sts.amazonaws.com.',
        ),
      }),
    }),
  ),
  accessKeyID: optional(text('Access key ID. Excludes accessKeyIDSecretRef.')),
  accessKeyIDSecretRef: optional(
    secretKeySelector('Secret entry with the access key ID. Excludes accessKeyID.'),
  ),
  secretAccessKeySecretRef: optional(secretKeySelector('Secret entry with the secret access key.')),
  role: optional(text('ARN of a role to assume.')),
  hostedZoneID: optional(text('Hosted zone to write to. Default: found by name.')),
  region: optional(text('Region for signing requests. Default: that of the environment.')),
});

const azureDNSSchema = object(
  'Azure DNS. Either a service principal, a managed identity or ambient credentials.',
  {
    subscriptionID: text('Subscription that holds the zone.'),
    resourceGroupName: text('Resource group that holds the zone.'),
    hostedZoneName: optional(text('Zone to write to. Default: found by name.')),
    environment: optional(
      oneOf(
        ['AzurePublicCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzureUSGovernmentCloud'],
        'Which Azure cloud. Default: AzurePublicCloud.',
      ),
    ),
    zoneType: optional(
      oneOf(['AzurePublicZone', 'AzurePrivateZone'], 'Public or private zone. Default: AzurePublicZone.'),
    ),
    clientID: optional(text('Service principal. Needs clientSecretSecretRef and tenantID.')),
    clientSecretSecretRef: optional(
      secretKeySelector(
        'Secret entry with the secret of the service principal. Needs clientID and tenantID.',
      ),
    ),
    tenantID: optional(text('Tenant of the service principal. Needs clientID and clientSecretSecretRef.')),
    managedIdentity: optional(
      object('A managed identity or workload identity. Excludes the service principal.', {
        clientID: optional(text('Client ID of the identity. Excludes resourceID.')),
        resourceID: optional(
          text('Resource ID of the identity. Excludes clientID; not with workload identity.'),
        ),
        tenantID: optional(text('Tenant of the identity. Needs clientID.')),
      }),
    ),
  },
);

const rfc2136Schema = object('Any server that takes dynamic updates (RFC 2136), for example BIND.', {
  nameserver: text('Server as host or host:port; IPv6 in brackets. Default port: 53.'),
  protocol: optional(oneOf(['TCP', 'UDP'], 'Transport. Default: UDP.')),
  tsigAlgorithm: optional(
    text(
      'TSIG algorithm (RFC 8945): HMACMD5, HMACSHA1, HMACSHA224, HMACSHA256, HMACSHA384 or HMACSHA512. Default: HMACMD5.',
    ),
  ),
  tsigKeyName: optional(text('Name of the TSIG key. Needs tsigSecretSecretRef.')),
  tsigSecretSecretRef: optional(secretKeySelector('Secret entry with the TSIG key. Needs tsigKeyName.')),
});

const webhookSchema = object('A solver outside, reached as an aggregated API.', {
  groupName: text('API group of the solver.'),
  solverName: text('Name of the solver in its group.'),
  config: optional(
    Type.Unsafe<unknown>({
      description:
        'Settings for the solver, handed over as they are. No secrets: anyone who can read the issuer reads them.',
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  ),
});

const httpreqSchema = object(
  'A server that speaks the httpreq protocol of lego: POST /present and POST /cleanup. Only without a cluster.',
  {
    endpoint: text('URL that /present and /cleanup are appended to.'),
    mode: optional(
      oneOf(
        ['Default', 'RAW'],
        'Default: record name and value are sent. RAW: name, token and key authorization.',
      ),
    ),
    username: optional(text('User of HTTP Basic authentication. Needs passwordSecretRef.')),
    passwordSecretRef: optional(secretKeySelector('Secret entry with the password. Needs username.')),
  },
);

const execSchema = object(
  'A program that the configuration file of this process names. Only without a cluster: the command never comes from the API.',
  { name: text('Name of the program in the configuration file.', { minLength: 1, maxLength: 63 }) },
);

export const dns01SolverSchema = object('Prove control with a TXT record. Exactly one provider.', {
  cnameStrategy: optional(
    oneOf(
      ['None', 'Follow'],
      'Follow: write the record where a CNAME at _acme-challenge points to. Default: None.',
    ),
  ),
  akamai: optional(akamaiSchema),
  cloudDNS: optional(cloudDNSSchema),
  cloudflare: optional(cloudflareSchema),
  route53: optional(route53Schema),
  azureDNS: optional(azureDNSSchema),
  digitalocean: optional(
    object('DigitalOcean DNS.', { tokenSecretRef: secretKeySelector('Secret entry with an API token.') }),
  ),
  acmeDNS: optional(
    object('An acme-dns server.', {
      host: text('URL of the server.'),
      accountSecretRef: secretKeySelector('Secret entry with the account JSON.'),
    }),
  ),
  rfc2136: optional(rfc2136Schema),
  webhook: optional(webhookSchema),
  httpreq: optional(httpreqSchema),
  exec: optional(execSchema),
  nameservers: optional(
    texts(
      'Servers for every look-up of this solver, as ip:port or https:// address (RFC 8484), instead of those of the controller.',
    ),
  ),
});

export interface Dns01Solver extends Static<typeof dns01SolverSchema> {}
