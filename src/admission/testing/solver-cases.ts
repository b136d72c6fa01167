/** ACME solvers and what is to be said of them. */
import { creations, type AdmissionCase } from './admission-case.ts';

const s = { name: 'n', key: 'k' };
const noName = [
  'name: Required value: secret name is required',
  'key: Required value: secret key is required',
];
const need = (path: string) => noName.map((end) => `${path}.${end}`);
const http01 = (change: object) => ({ http01: change });
const ingress = (change: object) => http01({ ingress: change });
const gateway = (change: object) => http01({ gatewayHTTPRoute: change });
const dns01 = (change: object) => ({ dns01: change });
const tls = (change: object) => ({ tlsALPN01: change });
const persist = (change: object) => ({ dnsPersist01: change });
const httpreq = (change: object) =>
  dns01({ httpreq: { endpoint: 'https://dns.example.com/hook', ...change } });
const azure = (change: object) =>
  dns01({ azureDNS: { subscriptionID: 's', resourceGroupName: 'g', ...change } });
const rfc2136 = (change: object) => dns01({ rfc2136: { nameserver: '10.0.0.1', ...change } });

/** Paths below spec.acme.solvers[0]. */
const cases: Record<string, [string, object, string[]][]> = {
  solver: [
    ['none', {}, [': Required value: no solver type configured']],
    ['both', { ...ingress({}), ...dns01({}) }, [': Forbidden: may not specify more than one solver type']],
    [
      'all four',
      { ...tls({}), ...persist({}), ...dns01({}), ...http01({ listener: {} }) },
      [': Forbidden: may not specify more than one solver type'],
    ],
    [
      'two of the new ones',
      { ...tls({}), ...persist({}) },
      [
        '.tlsALPN01: Required value: no TLS-ALPN-01',
        ': Forbidden: may not specify more than one solver type',
      ],
    ],
    ['selector', { selector: { dnsZones: ['a'], matchLabels: { a: 'b' } }, ...ingress({}) }, []],
    ['wait', { waitInsteadOfSelfCheck: '30s', ...ingress({}) }, []],
    [
      'negative wait',
      { waitInsteadOfSelfCheck: '-1s', ...ingress({}) },
      ['.waitInsteadOfSelfCheck: Invalid value: -1000000000: '],
    ],
    [
      'unreadable wait',
      { waitInsteadOfSelfCheck: 'soon', ...ingress({}) },
      ['.waitInsteadOfSelfCheck: Invalid value: "soon": '],
    ],
  ],
  http01: [
    ['none', http01({}), ['.http01: Required value: no HTTP01 solver type configured']],
    [
      'both',
      http01({ ingress: {}, gatewayHTTPRoute: {} }),
      ['.http01: Required value: only 1 HTTP01 solver type may be configured'],
    ],
    ['listener', http01({ listener: {} }), []],
    [
      'listener and ingress',
      http01({ listener: {}, ingress: {} }),
      ['.http01: Required value: only 1 HTTP01 solver type may be configured'],
    ],
    ['resident ingress', ingress({ responder: 'Resident', serviceType: 'ClusterIP' }), []],
    ['a Pod with a template', ingress({ responder: 'Pod', podTemplate: {} }), []],
    [
      'a template for no Pod',
      ingress({ responder: 'Resident', podTemplate: {} }),
      ['.http01.ingress.podTemplate: Forbidden: responder Resident makes no Pod'],
    ],
    [
      'a template for no Pod behind a gateway',
      gateway({ responder: 'Resident', podTemplate: {} }),
      ['.http01.gateway.podTemplate: Forbidden: responder Resident makes no Pod'],
    ],
    ['ingress class name', ingress({ ingressClassName: 'nginx', serviceType: 'ClusterIP' }), []],
    ['ingress class', ingress({ class: 'azure/application-gateway' }), []],
    ['ingress name', ingress({ name: 'web', serviceType: 'NodePort' }), []],
    [
      'class and name',
      ingress({ class: 'a', name: 'b' }),
      [".http01.ingress: Forbidden: only one of 'ingressClassName', 'name' or 'class'"],
    ],
    [
      'bad class name',
      ingress({ ingressClassName: 'azure/x' }),
      ['.http01.ingress.ingressClassName: Invalid value: "azure/x": '],
    ],
    [
      'bad service type',
      ingress({ serviceType: 'LoadBalancer' }),
      ['.http01.ingress.serviceType: Invalid value: "LoadBalancer": '],
    ],
    ['gateway', gateway({ parentRefs: [{ kind: 'Gateway', name: 'g' }], labels: { a: 'b' } }), []],
    ['gateway without parents', gateway({}), []],
    [
      'bad gateway service',
      gateway({ serviceType: 'X' }),
      ['.http01.gateway.serviceType: Invalid value: "X": '],
    ],
    [
      'name without kind',
      gateway({ parentRefs: [{ name: 'g' }] }),
      ['.http01.gateway.parentRefs[0].kind: Required value: kind is required'],
    ],
    [
      'kind without name',
      gateway({ parentRefs: [{ kind: 'Gateway', name: 'a' }, { kind: 'G' }] }),
      ['.http01.gateway.parentRefs[1].name: Required value: name is required'],
    ],
  ],
  tlsALPN01: [
    ['none', tls({}), ['.tlsALPN01: Required value: no TLS-ALPN-01 solver type configured']],
    ['listener', tls({ listener: {} }), []],
    ['gateway', tls({ gatewayTLSRoute: { parentRefs: [{ kind: 'Gateway', name: 'g' }] } }), []],
    [
      'both',
      tls({ listener: {}, gatewayTLSRoute: { parentRefs: [{ kind: 'Gateway', name: 'g' }] } }),
      ['.tlsALPN01: Forbidden: listener and gatewayTLSRoute exclude each other'],
    ],
    [
      'gateway without parents',
      tls({ gatewayTLSRoute: { labels: { a: 'b' } } }),
      ['.tlsALPN01.gatewayTLSRoute.parentRefs: Required value: name the Gateway'],
    ],
    [
      'name without kind',
      tls({ gatewayTLSRoute: { parentRefs: [{ name: 'g' }] } }),
      ['.tlsALPN01.gatewayTLSRoute.parentRefs[0].kind: Required value: kind is required'],
    ],
  ],
  dnsPersist01: [
    ['empty', persist({}), []],
    [
      'all of it',
      persist({
        issuerDomainName: 'ca.example',
        policy: 'wildcard',
        persistUntil: 1,
        nameservers: ['[::1]:53'],
      }),
      [],
    ],
    [
      'bad domain',
      persist({ issuerDomainName: 'https://ca.example' }),
      ['.dnsPersist01.issuerDomainName: Invalid value: "https://ca.example": '],
    ],
    [
      'bad nameserver',
      persist({ nameservers: ['ns.example'] }),
      ['.dnsPersist01.nameservers[0]: Invalid value: "ns.example": '],
    ],
  ],
  nameservers: [
    ...['192.0.2.1:53', '[2001:db8::1]:5353', 'https://dns.example/dns-query', 'https://1.1.1.1'].map(
      (server): [string, object, string[]] => [
        server,
        dns01({
          webhook: { groupName: 'g.example', solverName: 'a' },
          nameservers: ['192.0.2.2:53', server],
        }),
        [],
      ],
    ),
    ...[
      '192.0.2.1',
      'ns.example:53',
      '2001:db8::1:53',
      '192.0.2.1:0',
      '192.0.2.1:99999',
      '192.0.2.999:53',
      'http://dns.example',
      'https://',
      'https://user:pw@dns.example',
      'https://dns.example/ x',
      ':53',
    ].map((server): [string, object, string[]] => [
      `${server} is none`,
      dns01({ webhook: { groupName: 'g.example', solverName: 'a' }, nameservers: ['192.0.2.2:53', server] }),
      [`.dns01.nameservers[1]: Invalid value: "${server}": `],
    ]),
  ],
  'dns01 without a cluster': [
    ['exec', dns01({ exec: { name: 'ovh' } }), []],
    ['httpreq', httpreq({ mode: 'RAW', username: 'u', passwordSecretRef: s }), []],
    ['httpreq over plain HTTP', httpreq({ endpoint: 'http://127.0.0.1:8080' }), []],
    [
      'httpreq beside another',
      dns01({ webhook: { solverName: 'a' }, httpreq: {} }),
      ['.dns01.httpreq: Forbidden: may not specify more than one provider type'],
    ],
    ['no endpoint', dns01({ httpreq: {} }), ['.dns01.httpreq.endpoint: Required value: ']],
    ...['ftp://a', 'https://', 'https://u:p@a', 'https://a/?x=1', 'https://a/#x', 'a'].map(
      (endpoint): [string, object, string[]] => [
        `endpoint ${endpoint}`,
        httpreq({ endpoint }),
        [`.dns01.httpreq.endpoint: Invalid value: "${endpoint}": `],
      ],
    ),
    ['user alone', httpreq({ username: 'u' }), need('.dns01.httpreq.passwordSecretRef')],
    ['password alone', httpreq({ passwordSecretRef: s }), ['.dns01.httpreq.username: Required value: ']],
  ],
  dns01: [
    ['none', dns01({}), ['.dns01: Required value: no DNS01 provider configured']],
    [
      'strategy',
      dns01({ cnameStrategy: 'Chase', webhook: { solverName: 'a' } }),
      ['.dns01.cnameStrategy: Invalid value: "Chase": '],
    ],
    [
      'two providers',
      dns01({ cloudDNS: { project: 'p' }, webhook: { solverName: 'a' }, digitalocean: {} }),
      [
        '.dns01.digitalocean: Forbidden: may not specify more',
        '.dns01.webhook: Forbidden: may not specify more than one provider type',
      ],
    ],
    [
      'acme-dns beside another is let be',
      dns01({ cloudDNS: { project: 'p' }, acmeDNS: { host: 'h', accountSecretRef: s } }),
      [],
    ],
    [
      'nothing after acme-dns',
      dns01({ acmeDNS: { host: 'h', accountSecretRef: s }, webhook: {} }),
      ['.dns01.webhook: Forbidden: '],
    ],
    [
      'akamai',
      dns01({
        akamai: {
          serviceConsumerDomain: 'd',
          clientTokenSecretRef: s,
          clientSecretSecretRef: s,
          accessTokenSecretRef: s,
        },
      }),
      [],
    ],
    [
      'empty akamai',
      dns01({ akamai: {} }),
      [
        ...need('.dns01.akamai.accessTokenSecretRef'),
        ...need('.dns01.akamai.clientSecretSecretRef'),
        ...need('.dns01.akamai.clientTokenSecretRef'),
        '.dns01.akamai.serviceConsumerDomain: Required value: ',
      ],
    ],
    [
      'empty Cloud DNS',
      dns01({ cloudDNS: { serviceAccountSecretRef: {} } }),
      [...need('.dns01.cloudDNS.serviceAccountSecretRef'), '.dns01.cloudDNS.project: Required'],
    ],
    ['Cloudflare token', dns01({ cloudflare: { apiTokenSecretRef: s } }), []],
    ['Cloudflare key', dns01({ cloudflare: { apiKeySecretRef: s, email: 'a@b' } }), []],
    [
      'Cloudflare key without e-mail',
      dns01({ cloudflare: { apiKeySecretRef: s } }),
      ['.dns01.cloudflare.email: Required value: '],
    ],
    [
      'empty Cloudflare',
      dns01({ cloudflare: {} }),
      ['.dns01.cloudflare: Required value: apiKeySecretRef or apiTokenSecretRef is required'],
    ],
    [
      'Cloudflare with both',
      dns01({ cloudflare: { apiKeySecretRef: s, apiTokenSecretRef: {}, email: 'a@b' } }),
      [...need('.dns01.cloudflare.apiTokenSecretRef'), '.dns01.cloudflare: Forbidden: '],
    ],
    ['ambient Route 53', dns01({ route53: {} }), []],
    ['Route 53 by reference', dns01({ route53: { accessKeyIDSecretRef: s } }), []],
    [
      'Route 53 with both',
      dns01({ route53: { accessKeyID: 'a', accessKeyIDSecretRef: {} } }),
      [
        '.dns01.route53: Required value: accessKeyID and accessKeyIDSecretRef cannot both',
        ...need('.dns01.route53.accessKeyIDSecretRef'),
      ],
    ],
    ['ambient Azure', azure({}), []],
    ['Azure service principal', azure({ clientID: 'c', clientSecretSecretRef: s, tenantID: 't' }), []],
    ['Azure managed identity', azure({ managedIdentity: { clientID: 'c', tenantID: 't' } }), []],
    [
      'empty Azure',
      dns01({ azureDNS: {} }),
      ['.dns01.azureDNS.subscriptionID: Required', '.dns01.azureDNS.resourceGroupName: Required'],
    ],
    [
      'half a principal',
      azure({ clientID: 'c' }),
      ['.dns01.azureDNS.clientSecretSecretRef: Required', '.dns01.azureDNS.tenantID: Required'],
    ],
    [
      'another half',
      azure({ tenantID: 'c', clientSecretSecretRef: {} }),
      ['.dns01.azureDNS.clientID: Required', ...need('.dns01.azureDNS.clientSecretSecretRef')],
    ],
    [
      'principal and identity',
      azure({ clientID: 'c', clientSecretSecretRef: s, tenantID: 't', managedIdentity: {} }),
      ['.dns01.azureDNS.managedIdentity: Forbidden: '],
    ],
    [
      'identity with all',
      azure({ managedIdentity: { clientID: 'c', resourceID: 'r', tenantID: 't' } }),
      [
        '.dns01.azureDNS.managedIdentity: Forbidden: clientID and',
        '.dns01.azureDNS.managedIdentity: Forbidden: tenantID and',
      ],
    ],
    [
      'tenant alone',
      azure({ managedIdentity: { tenantID: 't' } }),
      ['.dns01.azureDNS.managedIdentity: Required value: clientID is required'],
    ],
    [
      'unknown cloud',
      azure({ environment: 'Mars' }),
      ['.dns01.azureDNS.environment: Invalid value: "Mars": '],
    ],
    ['DigitalOcean', dns01({ digitalocean: { tokenSecretRef: s } }), []],
    ['empty DigitalOcean', dns01({ digitalocean: {} }), need('.dns01.digitalocean.tokenSecretRef')],
    [
      'empty acme-dns',
      dns01({ acmeDNS: {} }),
      [...need('.dns01.acmeDNS.accountSecretRef'), '.dns01.acmeDNS.host: Required'],
    ],
    [
      'empty webhook',
      dns01({ webhook: {} }),
      ['.dns01.webhook.solverName: Required value: solver name must be specified'],
    ],
    ['RFC 2136', rfc2136({ tsigAlgorithm: 'hmacsha512', tsigKeyName: 'k', tsigSecretSecretRef: s }), []],
    ['RFC 2136 as Go writes it', rfc2136({ tsigSecretSecretRef: { name: '' } }), []],
    ['no nameserver', rfc2136({ nameserver: '' }), ['.dns01.rfc2136.nameserver: Required']],
    [
      'bad TSIG algorithm',
      rfc2136({ tsigAlgorithm: 'HMACSHA3' }),
      [
        '.dns01.rfc2136.tsigAlgorithm: Unsupported value: "HMACSHA3": supported values: "HMACMD5", "HMACSHA1", "HMACSHA224", "HMACSHA256", "HMACSHA384", "HMACSHA512"',
      ],
    ],
    ['key name alone', rfc2136({ tsigKeyName: 'k' }), need('.dns01.rfc2136.tsigSecretSecretRef')],
    ['key alone', rfc2136({ tsigSecretSecretRef: s }), ['.dns01.rfc2136.tsigKeyName: Required']],
    ...['ns.example.com', 'ns:53', '10.0.0.1:5353', '[::1]', '[2001:db8::1]:53', 'ns:'].map(
      (nameserver): [string, object, string[]] => [`nameserver ${nameserver}`, rfc2136({ nameserver }), []],
    ),
    ...['::1', 'ns:99999', 'ns:x', '[ns]:53', ':53', '[::1', 'a:b:c'].map(
      (nameserver): [string, object, string[]] => [
        `nameserver ${nameserver}`,
        rfc2136({ nameserver }),
        [`.dns01.rfc2136.nameserver: Invalid value: "${nameserver}": `],
      ],
    ),
  ],
};

export const solverCases: AdmissionCase[] = Object.entries(cases).flatMap(([group, list]) =>
  creations(
    'ClusterIssuer',
    `acme ${group}`,
    list.map(([title, solver, expected]) => {
      const acme = { server: 'https://acme', privateKeySecretRef: { name: 'key' }, solvers: [solver] };
      return [title, { acme }, expected.map((end) => `spec.acme.solvers[0]${end}`)] as const;
    }),
  ),
);
