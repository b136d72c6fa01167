/** Values that the chart is rendered with, and the rights that each must come to. */
import {
  defaultApproveSignerNames,
  defaultFeatures,
  featuresByDefault,
  type RbacFeature,
  type RbacSettings,
} from '../../../src/cli/rbac/rbac-features.ts';

export interface Combination {
  title: string;
  values: object;
  /** Server without MutatingAdmissionPolicy. */
  old?: boolean;
  rbac: RbacSettings;
}

interface Change extends Partial<Omit<RbacSettings, 'features'>> {
  on?: readonly RbacFeature[];
  off?: readonly RbacFeature[];
}

function rights({ on = [], off = [], ...change }: Change = {}): RbacSettings {
  const features = new Set<RbacFeature>([...featuresByDefault(change.watchNamespace), ...on]);
  for (const feature of off) features.delete(feature);
  const fullname = change.fullname ?? 'certwright';
  return {
    features,
    fullname,
    namespace: 'cert-manager',
    leaderElectionNamespace: 'kube-system',
    metricsCaSecret: { namespace: '', name: '' },
    approveSignerNames: defaultApproveSignerNames,
    serviceAccounts: { controller: fullname, cainjector: fullname, webhook: `${fullname}-webhook` },
    ...change,
  };
}

const apart = {
  controller: 'certwright',
  cainjector: 'certwright-cainjector',
  webhook: 'certwright-webhook',
};

export const combinations: readonly Combination[] = [
  { title: 'defaults', values: {}, rbac: rights() },
  { title: 'a server without mutating policies', values: {}, old: true, rbac: rights({ on: ['webhook'] }) },
  {
    title: 'webhook on request',
    values: { admission: { mode: 'webhook' }, webhook: { replicaCount: 3 } },
    rbac: rights({ on: ['webhook'] }),
  },
  { title: 'no admission', values: { admission: { mode: 'none' } }, rbac: rights() },
  {
    title: 'split, webhook, everything that can be on',
    values: {
      split: true,
      admission: { mode: 'webhook' },
      replicaCount: 2,
      cainjector: {
        replicaCount: 2,
        podDisruptionBudget: { enabled: true },
        networkPolicy: { enabled: true },
      },
      webhook: {
        replicaCount: 3,
        podDisruptionBudget: { enabled: true, maxUnavailable: '34%' },
        networkPolicy: { enabled: true },
        config: { logging: { verbosity: 3 } },
      },
      podDisruptionBudget: { enabled: true, minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      networkPolicy: { enabled: true },
      prometheus: { servicemonitor: { enabled: true }, rule: { enabled: true } },
      global: {
        commonLabels: { team: 'pki' },
        priorityClassName: 'system-cluster-critical',
        imagePullSecrets: [{ name: 'registry' }],
        nodeSelector: { zone: 'a' },
        revisionHistoryLimit: 2,
        hostUsers: false,
        leaderElection: { namespace: 'cert-manager' },
      },
      serviceAccount: { annotations: { a: 'b' }, labels: { c: 'd' } },
      podLabels: { e: 'f' },
      podAnnotations: { g: 'h' },
      deploymentAnnotations: { i: 'j' },
      serviceAnnotations: { k: 'l' },
      serviceLabels: { m: 'n' },
      serviceIPFamilyPolicy: 'SingleStack',
      serviceIPFamilies: ['IPv4'],
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      affinity: { nodeAffinity: {} },
      tolerations: [{ operator: 'Exists' }],
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} },
      ],
      podDnsPolicy: 'None',
      podDnsConfig: { nameservers: ['192.0.2.1'] },
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['a.example'] }],
      volumes: [{ name: 'tmp', emptyDir: {} }],
      volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      extraEnv: [{ name: 'A', value: 'b' }],
      https_proxy: 'http://proxy.example:3128',
      no_proxy: '10.0.0.0/8',
      config: { numberOfConcurrentWorkers: 7 },
      image: { registry: 'registry.example', tag: 'v1', digest: `sha256:${'0'.repeat(64)}` },
    },
    rbac: rights({ on: ['webhook'], serviceAccounts: apart, leaderElectionNamespace: 'cert-manager' }),
  },
  {
    title: 'pod monitor, names of its own',
    values: {
      fullnameOverride: 'pki',
      nameOverride: 'pki',
      prometheus: { podmonitor: { enabled: true, endpointAdditionalProperties: { enableHttp2: false } } },
      serviceAccount: { name: 'signer' },
      imageRegistry: 'registry.example',
      imageNamespace: 'team',
    },
    rbac: rights({
      fullname: 'pki',
      serviceAccounts: { controller: 'signer', cainjector: 'signer', webhook: 'pki-webhook' },
    }),
  },
  {
    title: 'gateways, signers of Kubernetes requests, by configuration file',
    values: {
      config: {
        gatewayAPI: { enabled: true, enableListenerSet: true },
        featureGates: { ListenerSets: true, ExperimentalCertificateSigningRequestControllers: true },
        metricsTLSConfig: { dynamic: { secretNamespace: 'cert-manager', secretName: 'metrics-ca' } },
      },
    },
    rbac: rights({
      on: ['gateway-shim', 'listenerset', 'csr-signers', 'metrics-tls', 'acme-gateway'],
      metricsCaSecret: { namespace: 'cert-manager', name: 'metrics-ca' },
    }),
  },
  {
    title: 'the same by arguments and gates',
    values: {
      extraArgs: [
        '--enable-gateway-api',
        '--enable-gateway-api-listenerset=true',
        '--metrics-dynamic-serving-ca-secret-namespace=$(POD_NAMESPACE)',
        '--metrics-dynamic-serving-ca-secret-name=metrics-ca',
        '--shards=3',
      ],
      featureGates: 'ListenerSets=true,ExperimentalCertificateSigningRequestControllers=true',
    },
    rbac: rights({
      on: ['gateway-shim', 'listenerset', 'csr-signers', 'metrics-tls', 'sharding', 'acme-gateway'],
      metricsCaSecret: { namespace: 'cert-manager', name: 'metrics-ca' },
    }),
  },
  {
    title: 'a gate wins over the switch',
    values: {
      extraArgs: ['--enable-gateway-api', '--enable-gateway-api-listenerset'],
      featureGates: 'ExperimentalGatewayAPISupport=false,ListenerSets=true',
    },
    rbac: rights(),
  },
  {
    title: 'controllers left out',
    values: {
      extraArgs: ['--controllers=*,-ingress-shim', '--leader-elect=false'],
      disableAutoApproval: true,
    },
    rbac: rights({ off: ['ingress-shim', 'approver', 'leader-election'] }),
  },
  {
    title: 'approval for some signers, no cainjector, no roles for people',
    values: {
      approveSignerNames: ['issuers.cert-manager.io/shop.ca'],
      cainjector: { enabled: false },
      global: { rbac: { aggregateClusterRoles: false } },
      enableCertificateOwnerRef: true,
      ingressShim: { defaultIssuerName: 'ca', defaultIssuerKind: 'ClusterIssuer' },
      crds: { keep: false },
      prometheus: { enabled: false },
    },
    rbac: rights({
      approveSignerNames: ['issuers.cert-manager.io/shop.ca'],
      off: [...defaultFeatures.filter((name) => /inject/u.test(name)), 'aggregated-roles'],
    }),
  },
  {
    title: 'ACME with everything that it can ask for',
    values: {
      clusterResourceNamespace: 'kube-system',
      acme: {
        http01: { responder: 'pod', port: 9089, publicResolver: 'https://dns.example/dns-query' },
        tlsAlpn01: { port: 8443 },
        webhookGroups: ['acme.example.com'],
        serviceAccountTokens: true,
        openshift: true,
      },
      maxConcurrentChallenges: 5,
      dns01RecursiveNameservers: '192.0.2.1:53,https://dns.example/dns-query',
      dns01RecursiveNameserversOnly: true,
      acmesolver: { runtimeClassName: 'sandboxed' },
      global: { commonLabels: { team: 'pki', cost: 'a' } },
      config: { gatewayAPI: { enabled: true } },
    },
    rbac: rights({
      on: [
        'gateway-shim',
        'acme-gateway',
        'acme-openshift',
        'acme-dns01-webhooks',
        'acme-service-account-tokens',
      ],
      acmeWebhookGroups: ['acme.example.com'],
      clusterResourceNamespace: 'kube-system',
    }),
  },
  {
    title: 'challenges are worked on elsewhere',
    values: { extraArgs: ['--controllers=*,-challenges'] },
    rbac: rights({ off: ['acme-http01'] }),
  },
  {
    title: 'no ACME',
    values: { extraArgs: ['--controllers=*,-orders,-challenges,-certificaterequests-issuer-acme'] },
    rbac: rights({ off: ['acme', 'acme-http01'] }),
  },
  {
    title: 'cainjector for some kinds',
    values: {
      split: true,
      cainjector: {
        config: { enableInjectableConfig: { apiServices: false } },
        extraArgs: [
          '--enable-customresourcedefinitions-injectable=false',
          '--enable-certificates-data-source=false',
        ],
      },
    },
    rbac: rights({
      off: ['inject-apiservices', 'inject-crds', 'inject-from-certificates'],
      serviceAccounts: apart,
    }),
  },
  {
    title: 'one namespace',
    values: { watchNamespace: 'cert-manager' },
    rbac: rights({ watchNamespace: 'cert-manager', leaderElectionNamespace: 'cert-manager' }),
  },
];
