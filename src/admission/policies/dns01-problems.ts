/** Rules of DNS-01 providers in CEL (spec/api.md §14). */
import type { Place } from './place.ts';
import * as patterns from './patterns.ts';
import {
  among,
  each,
  forbidden,
  invalid,
  matches,
  needed,
  notSupported,
  required,
  shown,
  together,
  when,
  type Problem,
} from './problems.ts';
import { secretProblems } from './reference-problems.ts';

type Provider = (provider: Place) => readonly Problem[];

/** In the order in which they are looked at. */
const providers: readonly [string, Provider][] = [
  ['akamai', akamaiProblems],
  ['azureDNS', azureProblems],
  [
    'cloudDNS',
    (cloud) => [
      optionalSecret(cloud.at('serviceAccountSecretRef')),
      needed(cloud.at('project'), 'give the project that holds the zone'),
    ],
  ],
  ['cloudflare', cloudflareProblems],
  ['route53', route53Problems],
  [
    'acmeDNS',
    (acmeDNS) => [
      ...secretProblems(acmeDNS.at('accountSecretRef')),
      needed(acmeDNS.at('host'), 'give the URL of the acme-dns server'),
    ],
  ],
  ['digitalocean', (provider) => secretProblems(provider.at('tokenSecretRef'))],
  ['rfc2136', rfc2136Problems],
  ['webhook', (webhook) => [needed(webhook.at('solverName'), 'solver name must be specified')]],
  ['httpreq', httpreqProblems],
  // Which programs there are is in a file that only their machine has.
  ['exec', () => []],
];

/** Accepted beside an earlier provider, as stored issuers may have it; the first one is used. */
const uncounted = 'acmeDNS';

/** `cnameStrategy` and the Azure environment are enumerations of the schema. */
export function dns01Problems(dns01: Place): Problem[] {
  const problems = providers.map(([name, of], index) => {
    const provider = dns01.at(name);
    const earlier = providers.slice(0, index).map(([other]) => dns01.at(other).present);
    const one = together(of(provider));
    if (name === uncounted || earlier.length === 0) return when(provider.present, one);
    const extra = forbidden(provider, 'may not specify more than one provider type');
    return `(${provider.absent} ? '' : ${earlier.join(' || ')} ? ${extra} : ${one})`;
  });
  const none = providers.map(([name]) => dns01.at(name).absent).join(' && ');
  const names = providers.map(([name]) => name).join(', ');
  return [
    ...problems,
    nameserverProblems(dns01.at('nameservers')),
    when(none, required(dns01, `no DNS01 provider configured: set one of ${names}`)),
  ];
}

/** As the flags of the controller take them, whose place they take. */
export function nameserverProblems(nameservers: Place): Problem {
  return each(nameservers, ['n', 'a'], (server) => {
    const { text } = server;
    const port = `int(${text}.substring(${text}.lastIndexOf(':') + 1))`;
    const address = `${text}.substring(0, ${text}.lastIndexOf(':')).replace('[', '').replace(']', '')`;
    // What is asked of a text is asked only once its shape is known.
    const good = `${matches(text, patterns.serverAddress)} && isIP(${address}) && ${port} > 0 && ${port} < 65536`;
    return [
      when(
        `!${matches(text, patterns.dohServer)} && !(${good})`,
        invalid(server, 'must be <ip address>:<port>, or https:// of a server that speaks RFC 8484'),
      ),
    ];
  });
}

function httpreqProblems(httpreq: Place): Problem[] {
  const endpoint = httpreq.at('endpoint');
  const [user, password] = [httpreq.at('username'), httpreq.at('passwordSecretRef')];
  return [
    needed(endpoint, 'give the URL that /present and /cleanup are appended to'),
    when(
      `${endpoint.isSet} && !${matches(endpoint.text, patterns.httpEndpoint)}`,
      invalid(endpoint, 'must be a URL such as https://dns.example.com/hook, without user and query'),
    ),
    when(user.isSet, together(secretProblems(password))),
    when(
      `${user.isEmpty} && ${password.present}`,
      required(user, 'passwordSecretRef needs the name of its user'),
    ),
  ];
}

function optionalSecret(selector: Place): Problem {
  return when(selector.present, together(secretProblems(selector)));
}

function akamaiProblems(akamai: Place): Problem[] {
  return [
    ...['accessTokenSecretRef', 'clientSecretSecretRef', 'clientTokenSecretRef'].flatMap((name) =>
      secretProblems(akamai.at(name)),
    ),
    needed(akamai.at('serviceConsumerDomain'), 'give the host of the API client'),
  ];
}

function azureProblems(azure: Place): Problem[] {
  const [client, secret, tenant] = [
    azure.at('clientID'),
    azure.at('clientSecretSecretRef'),
    azure.at('tenantID'),
  ];
  const identity = azure.at('managedIdentity');
  const principal = `(${client.isSet} || ${tenant.isSet} || ${secret.present})`;
  const detail = 'clientID, clientSecretSecretRef and tenantID need each other';
  return [
    when(
      principal,
      together([
        needed(client, detail),
        optionalSecret(secret),
        when(secret.absent, required(secret, detail)),
        needed(tenant, detail),
        when(
          identity.present,
          forbidden(identity, 'cannot be used together with clientID, clientSecretSecretRef or tenantID'),
        ),
      ]),
    ),
    when(`!${principal} && ${identity.present}`, together(identityProblems(identity))),
    needed(azure.at('subscriptionID'), 'give the subscription that holds the zone'),
    needed(azure.at('resourceGroupName'), 'give the resource group that holds the zone'),
  ];
}

function identityProblems(identity: Place): Problem[] {
  const [client, resource, tenant] = ['clientID', 'resourceID', 'tenantID'].map(
    (name) => identity.at(name).isSet,
  ) as [string, string, string];
  return [
    when(
      `${client} && ${resource}`,
      forbidden(identity, 'clientID and resourceID exclude each other; set one of them'),
    ),
    when(
      `${tenant} && ${resource}`,
      forbidden(identity, 'tenantID and resourceID exclude each other; set one of them'),
    ),
    when(`${tenant} && !(${client})`, required(identity, 'clientID is required when using tenantID')),
  ];
}

function cloudflareProblems(cloudflare: Place): Problem[] {
  const [key, token] = [cloudflare.at('apiKeySecretRef'), cloudflare.at('apiTokenSecretRef')];
  const email = cloudflare.at('email');
  return [
    optionalSecret(key),
    optionalSecret(token),
    when(
      `${key.present} && ${token.present}`,
      forbidden(cloudflare, 'apiKeySecretRef and apiTokenSecretRef cannot both be specified'),
    ),
    when(
      `${key.absent} && ${token.absent}`,
      required(cloudflare, 'apiKeySecretRef or apiTokenSecretRef is required'),
    ),
    when(
      `${key.present} && ${email.isEmpty}`,
      required(email, 'an API key needs the e-mail address of its account'),
    ),
  ];
}

function route53Problems(route53: Place): Problem[] {
  const reference = route53.at('accessKeyIDSecretRef');
  return [
    when(
      `${reference.present} && ${route53.at('accessKeyID').isSet}`,
      required(route53, 'accessKeyID and accessKeyIDSecretRef cannot both be specified'),
    ),
    optionalSecret(reference),
  ];
}

const tsigAlgorithms = ['HMACMD5', 'HMACSHA1', 'HMACSHA224', 'HMACSHA256', 'HMACSHA384', 'HMACSHA512'];

function rfc2136Problems(rfc2136: Place): Problem[] {
  const server = rfc2136.at('nameserver');
  const algorithm = rfc2136.at('tsigAlgorithm');
  const [key, secret] = [rfc2136.at('tsigKeyName'), rfc2136.at('tsigSecretSecretRef')];
  const text = server.text;
  const port = `${text}.substring(${text}.lastIndexOf(':') + 1)`;
  const hasPort = `${matches(text, ':[0-9]+$')} && !${text}.endsWith(']')`;
  const badAddress = `${text}.startsWith('[') && !isIP(${text}.substring(1, ${text}.indexOf(']')))`;
  // What is asked of a text is asked only once its shape is known.
  const bad = `!${matches(text, patterns.nameserver)} || (${badAddress}) || (${hasPort} && int(${port}) > 65535)`;
  return [
    needed(server, 'give the server as host or host:port'),
    when(
      `${server.isSet} && (${bad})`,
      invalid(
        server,
        'must be host or host:port, where host is a name, an IPv4 address or an IPv6 address in brackets',
      ),
    ),
    when(
      `${algorithm.isSet} && !(${among(`${algorithm.text}.upperAscii()`, tsigAlgorithms)})`,
      notSupported(algorithm, shown(algorithm.text), tsigAlgorithms),
    ),
    when(key.isSet, together(secretProblems(secret))),
    when(
      `${key.isEmpty} && ${secret.at('name').isSet} && ${secret.at('key').isSet}`,
      required(key, 'tsigSecretSecretRef needs the name of its key'),
    ),
  ];
}
