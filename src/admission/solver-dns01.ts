/** Validation of DNS-01 providers (spec/api.md §14). */
import { isIP } from 'node:net';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import * as patterns from './policies/patterns.ts';
import { validateSecretSelector } from './secret-selector.ts';

type Validate = (provider: Field, errors: FieldErrors) => void;

/** In the order in which they are looked at. */
const providers: readonly [string, Validate][] = [
  ['akamai', validateAkamai],
  ['azureDNS', validateAzure],
  ['cloudDNS', validateCloudDNS],
  ['cloudflare', validateCloudflare],
  ['route53', validateRoute53],
  ['acmeDNS', validateAcmeDNS],
  ['digitalocean', (provider, errors) => validateSecretSelector(provider.at('tokenSecretRef'), errors)],
  ['rfc2136', validateRfc2136],
  ['webhook', validateWebhook],
  ['httpreq', validateHttpreq],
  // Which programs there are is in a file that only their machine has.
  ['exec', () => undefined],
];

/** Accepted beside an earlier provider, as stored issuers may have it; the first one is used. */
const uncounted = 'acmeDNS';

export function validateDns01(dns01: Field, errors: FieldErrors): void {
  const strategy = dns01.at('cnameStrategy');
  if (!['', 'None', 'Follow'].includes(strategy.text))
    errors.invalid(strategy, 'must be one of None or Follow');
  let found = 0;
  for (const [name, validate] of providers) {
    const provider = dns01.at(name);
    if (!provider.present) continue;
    found += 1;
    if (found > 1 && name !== uncounted)
      errors.forbidden(provider, 'may not specify more than one provider type');
    else validate(provider, errors);
  }
  validateNameservers(dns01.at('nameservers'), errors);
  if (found === 0) {
    errors.required(
      dns01,
      `no DNS01 provider configured: set one of ${providers.map(([name]) => name).join(', ')}`,
    );
  }
}

function validateAkamai(akamai: Field, errors: FieldErrors): void {
  for (const name of ['accessTokenSecretRef', 'clientSecretSecretRef', 'clientTokenSecretRef']) {
    validateSecretSelector(akamai.at(name), errors);
  }
  required(akamai.at('serviceConsumerDomain'), 'give the host of the API client', errors);
}

function validateAzure(azure: Field, errors: FieldErrors): void {
  const [client, secret, tenant] = [
    azure.at('clientID'),
    azure.at('clientSecretSecretRef'),
    azure.at('tenantID'),
  ];
  const identity = azure.at('managedIdentity');
  if (client.text !== '' || tenant.text !== '' || secret.present) {
    const detail = 'clientID, clientSecretSecretRef and tenantID need each other';
    required(client, detail, errors);
    if (secret.present) validateSecretSelector(secret, errors);
    else errors.required(secret, detail);
    required(tenant, detail, errors);
    if (identity.present) {
      errors.forbidden(identity, 'cannot be used together with clientID, clientSecretSecretRef or tenantID');
    }
  } else if (identity.present) validateManagedIdentity(identity, errors);
  required(azure.at('subscriptionID'), 'give the subscription that holds the zone', errors);
  required(azure.at('resourceGroupName'), 'give the resource group that holds the zone', errors);
  const environment = azure.at('environment');
  const clouds = ['AzurePublicCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzureUSGovernmentCloud'];
  if (environment.text !== '' && !clouds.includes(environment.text)) {
    errors.invalid(environment, `must be empty or one of ${clouds.join(', ')}`);
  }
}

function validateManagedIdentity(identity: Field, errors: FieldErrors): void {
  const [client, resource, tenant] = ['clientID', 'resourceID', 'tenantID'].map(
    (name) => identity.at(name).text !== '',
  );
  if (client && resource)
    errors.forbidden(identity, 'clientID and resourceID exclude each other; set one of them');
  if (tenant && resource)
    errors.forbidden(identity, 'tenantID and resourceID exclude each other; set one of them');
  if (tenant && !client) errors.required(identity, 'clientID is required when using tenantID');
}

function validateCloudDNS(cloud: Field, errors: FieldErrors): void {
  const account = cloud.at('serviceAccountSecretRef');
  if (account.present) validateSecretSelector(account, errors);
  required(cloud.at('project'), 'give the project that holds the zone', errors);
}

function validateCloudflare(cloudflare: Field, errors: FieldErrors): void {
  const [key, token] = [cloudflare.at('apiKeySecretRef'), cloudflare.at('apiTokenSecretRef')];
  for (const reference of [key, token]) if (reference.present) validateSecretSelector(reference, errors);
  if (key.present && token.present) {
    errors.forbidden(cloudflare, 'apiKeySecretRef and apiTokenSecretRef cannot both be specified');
  }
  if (!key.present && !token.present)
    errors.required(cloudflare, 'apiKeySecretRef or apiTokenSecretRef is required');
  if (key.present)
    required(cloudflare.at('email'), 'an API key needs the e-mail address of its account', errors);
}

function validateRoute53(route53: Field, errors: FieldErrors): void {
  const reference = route53.at('accessKeyIDSecretRef');
  if (!reference.present) return;
  if (route53.at('accessKeyID').text !== '') {
    errors.required(route53, 'accessKeyID and accessKeyIDSecretRef cannot both be specified');
  }
  validateSecretSelector(reference, errors);
}

function validateAcmeDNS(acmeDNS: Field, errors: FieldErrors): void {
  validateSecretSelector(acmeDNS.at('accountSecretRef'), errors);
  required(acmeDNS.at('host'), 'give the URL of the acme-dns server', errors);
}

const tsigAlgorithms = ['HMACMD5', 'HMACSHA1', 'HMACSHA224', 'HMACSHA256', 'HMACSHA384', 'HMACSHA512'];

function validateRfc2136(rfc2136: Field, errors: FieldErrors): void {
  const server = rfc2136.at('nameserver');
  required(server, 'give the server as host or host:port', errors);
  if (server.text !== '' && !isNameserver(server.text)) {
    errors.invalid(
      server,
      'must be host or host:port, where host is a name, an IPv4 address or an IPv6 address in brackets',
    );
  }
  const algorithm = rfc2136.at('tsigAlgorithm');
  if (algorithm.text !== '' && !tsigAlgorithms.includes(algorithm.text.toUpperCase())) {
    errors.notSupported(algorithm, tsigAlgorithms);
  }
  const [key, secret] = [rfc2136.at('tsigKeyName'), rfc2136.at('tsigSecretSecretRef')];
  if (key.text !== '') validateSecretSelector(secret, errors);
  else if (secret.at('name').text !== '' && secret.at('key').text !== '') {
    errors.required(key, 'tsigSecretSecretRef needs the name of its key');
  }
}

function isNameserver(text: string): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{0,5}))?$/.exec(text);
  if (match === null) return false;
  const [, bracketed, host = '', port = ''] = match;
  if (port !== '' && Number(port) > 65535) return false;
  return bracketed === undefined ? host !== '' : isIP(bracketed) === 6;
}

function validateWebhook(webhook: Field, errors: FieldErrors): void {
  required(webhook.at('solverName'), 'solver name must be specified', errors);
}

function validateHttpreq(httpreq: Field, errors: FieldErrors): void {
  const endpoint = httpreq.at('endpoint');
  required(endpoint, 'give the URL that /present and /cleanup are appended to', errors);
  if (endpoint.text !== '' && !httpEndpoint.test(endpoint.text))
    errors.invalid(endpoint, 'must be a URL such as https://dns.example.com/hook, without user and query');
  const [user, password] = [httpreq.at('username'), httpreq.at('passwordSecretRef')];
  if (user.text !== '') validateSecretSelector(password, errors);
  else if (password.present) errors.required(user, 'passwordSecretRef needs the name of its user');
}

const [serverAddress, dohServer, httpEndpoint] = [
  patterns.serverAddress,
  patterns.dohServer,
  patterns.httpEndpoint,
].map((pattern) => new RegExp(pattern, 'u')) as [RegExp, RegExp, RegExp];

/** As the flags of the controller take them, whose place they take. */
export function validateNameservers(nameservers: Field, errors: FieldErrors): void {
  for (const server of nameservers.items)
    if (!isServer(server.text))
      errors.invalid(server, 'must be <ip address>:<port>, or https:// of a server that speaks RFC 8484');
}

function isServer(text: string): boolean {
  if (dohServer.test(text)) return true;
  if (!serverAddress.test(text)) return false;
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  const address = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !address.includes('%') && port > 0 && port < 65_536;
}

function required(field: Field, detail: string, errors: FieldErrors): void {
  if (field.text === '') errors.required(field, detail);
}
