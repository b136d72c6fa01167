/**
 * cert-manager's Go structs of a solver, as far as they go into the name of a Challenge (acme.md §5): fields in declared
 * order. Ours stand behind theirs, so that a solver without them has the same name. Affinity and security context of a
 * pod template are written in alphabetical order: Challenges with those get names of their own.
 */
import type { GoShape } from '../../issuers/acme/object-name.ts';

const secret: GoShape = { name: 'kept', key: true };
/** A reference that Go writes even when it is not set. */
const secretValue = { always: { name: 'kept', key: true } } as const;

const podTemplate: GoShape = {
  metadata: { always: { annotations: true, labels: true } },
  spec: {
    always: {
      nodeSelector: true,
      affinity: 'kept',
      tolerations: {
        each: { key: true, operator: true, value: true, effect: true, tolerationSeconds: 'kept' },
      },
      priorityClassName: true,
      serviceAccountName: true,
      imagePullSecrets: true,
      securityContext: 'kept',
      resources: 'kept',
    },
  },
};

const parentReference: GoShape = {
  group: 'kept',
  kind: 'kept',
  namespace: 'kept',
  name: 'kept',
  sectionName: 'kept',
  port: 'kept',
};

const http01: GoShape = {
  ingress: {
    serviceType: true,
    ingressClassName: 'kept',
    class: 'kept',
    name: true,
    podTemplate,
    ingressTemplate: { metadata: { always: { annotations: true, labels: true } } },
    responder: true,
  },
  gatewayHTTPRoute: {
    serviceType: true,
    labels: true,
    parentRefs: { each: parentReference },
    podTemplate,
    responder: true,
  },
  listener: 'kept',
};

const route53: GoShape = {
  auth: { kubernetes: { serviceAccountRef: { name: 'kept', audiences: true } } },
  accessKeyID: true,
  accessKeyIDSecretRef: secret,
  secretAccessKeySecretRef: secretValue,
  role: true,
  hostedZoneID: true,
  region: true,
};

const azureDNS: GoShape = {
  clientID: true,
  clientSecretSecretRef: secret,
  subscriptionID: 'kept',
  tenantID: true,
  resourceGroupName: 'kept',
  hostedZoneName: true,
  environment: true,
  managedIdentity: { clientID: true, resourceID: true, tenantID: true },
  zoneType: true,
};

const dns01: GoShape = {
  cnameStrategy: true,
  akamai: {
    serviceConsumerDomain: 'kept',
    clientTokenSecretRef: secretValue,
    clientSecretSecretRef: secretValue,
    accessTokenSecretRef: secretValue,
  },
  cloudDNS: { serviceAccountSecretRef: secret, project: 'kept', hostedZoneName: true },
  cloudflare: { email: true, apiKeySecretRef: secret, apiTokenSecretRef: secret },
  route53,
  azureDNS,
  digitalocean: { tokenSecretRef: secretValue },
  acmeDNS: { host: 'kept', accountSecretRef: secretValue },
  rfc2136: {
    nameserver: 'kept',
    tsigSecretSecretRef: secretValue,
    tsigKeyName: true,
    tsigAlgorithm: true,
    protocol: true,
  },
  webhook: { groupName: 'kept', solverName: 'kept', config: 'kept' },
  httpreq: 'kept',
  exec: 'kept',
  nameservers: true,
};

export const solverShape: GoShape = {
  selector: { matchLabels: true, dnsNames: true, dnsZones: true },
  http01,
  dns01,
  waitInsteadOfSelfCheck: 'kept',
  tlsALPN01: 'kept',
  dnsPersist01: 'kept',
};
