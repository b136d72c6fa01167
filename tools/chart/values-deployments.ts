/** Values of deployments: the controller's stand at the top, those of cainjector and webhook below their names. */
import {
  duration,
  flag,
  integer,
  list,
  map,
  oneOf,
  optional,
  own,
  port,
  same,
  share,
  text,
  textMap,
  texts,
  type ValueRow,
} from './value-row.ts';

const restrictedPod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const restrictedContainer = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};
const linux = { 'kubernetes.io/os': 'linux' };
const anywhere = [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }] }];

const port4 = (number: number | string, protocol = 'TCP'): object => ({ port: number, protocol });
const outward = [
  {
    to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }],
    ports: [port4(80), port4(443), port4(53), port4(53, 'UDP'), port4(6443)],
  },
];
/** Self-checks of HTTP-01 ask solver Pods, and this Pod, at their own port. */
const solving = outward.map(({ to, ports }) => ({ to, ports: [...ports, port4(8089)] }));
const from = (...ports: string[]): object[] =>
  anywhere.map((peers) => ({ ...peers, ports: ports.map((name) => port4(name)) }));

/** What every deployment has. `at` ends in a dot, or is empty for the controller. */
function deployment(at: '' | 'cainjector.' | 'webhook.', ingress: readonly string[]): ValueRow[] {
  const rows: ValueRow[] = [
    same(`${at}replicaCount`, 1, integer(0), 'Replicas. Two and more elect a leader; the others stand by.'),
    same(`${at}strategy`, {}, map, 'Update strategy of the deployment.'),
    same(`${at}podDisruptionBudget.enabled`, false, flag, 'Keep replicas running while nodes are drained.'),
    same(`${at}podDisruptionBudget.minAvailable`, null, share, 'With neither of both: 1.'),
    same(`${at}podDisruptionBudget.maxUnavailable`, null, share, 'Instead of `minAvailable`.'),
    same(
      `${at}podDisruptionBudget.unhealthyPodEvictionPolicy`,
      null,
      { enum: ['IfHealthyBudget', 'AlwaysAllow', null] },
      'Whether pods that are not ready may be evicted.',
    ),
    same(`${at}serviceAccount.create`, true, flag, 'Create the ServiceAccount.'),
    same(
      `${at}serviceAccount.name`,
      '',
      text,
      'Its name. Empty: that of the deployment (`default` where none is created).',
    ),
    same(`${at}serviceAccount.annotations`, {}, textMap, 'Its annotations.'),
    same(`${at}serviceAccount.labels`, {}, textMap, 'Its labels.'),
    same(`${at}serviceAccount.automountServiceAccountToken`, true, flag, 'Mount its token into pods.'),
    same(`${at}automountServiceAccountToken`, null, optional(flag), 'The same, on the pod.'),
    same(`${at}extraArgs`, [], texts, 'Further arguments; flags that the chart sets win.'),
    same(`${at}extraEnv`, [], list, 'Further environment variables.'),
    same(`${at}resources`, {}, map, 'Requests and limits.'),
    same(
      `${at}securityContext`,
      restrictedPod,
      map,
      'Of the pod; meets the Pod Security Standard "restricted".',
    ),
    same(`${at}containerSecurityContext`, restrictedContainer, map, 'Of the container; likewise.'),
    same(`${at}volumes`, [], list, 'Further volumes.'),
    same(`${at}volumeMounts`, [], list, 'Further mounts.'),
    same(`${at}deploymentAnnotations`, {}, textMap, 'Annotations of the deployment.'),
    same(`${at}podAnnotations`, {}, textMap, 'Annotations of pods.'),
    same(`${at}podLabels`, {}, textMap, 'Labels of pods.'),
    same(`${at}serviceAnnotations`, {}, textMap, 'Annotations of the Service.'),
    same(`${at}serviceLabels`, {}, textMap, 'Labels of the Service.'),
    same(`${at}serviceIPFamilyPolicy`, '', text, 'IP family policy of the Service.'),
    same(`${at}serviceIPFamilies`, [], texts, 'IP families of the Service.'),
    same(`${at}nodeSelector`, linux, textMap, 'Node selector.'),
    same(`${at}affinity`, {}, map, 'Affinity.'),
    same(`${at}tolerations`, [], list, 'Tolerations.'),
    same(`${at}topologySpreadConstraints`, [], list, 'Topology spread.'),
    same(`${at}runtimeClassName`, '', text, 'Runtime class, before `global.runtimeClassName`.'),
    same(`${at}enableServiceLinks`, false, flag, 'Environment variables for every Service of the namespace.'),
    same(`${at}featureGates`, '', text, 'Feature gates: `A=true,B=false`.'),
    same(
      `${at}config`,
      {},
      map,
      'Configuration file of the process, as in cert-manager; `apiVersion` and `kind` are filled in.',
    ),
    same(`${at}networkPolicy.enabled`, false, flag, 'Create NetworkPolicies.'),
    same(`${at}networkPolicy.ingress`, from(...ingress), list, 'Who may connect to it.'),
    same(`${at}networkPolicy.egress`, at === '' ? solving : outward, list, 'What it may connect to.'),
  ];
  return at === '' ? rows : rows.map((row) => ({ ...row, deploymentOnly: true }));
}

function probe(
  path: string,
  peer: boolean,
  numbers: readonly [initial: number, period: number, timeout: number, success: number, failure: number],
): ValueRow[] {
  const make = peer ? same : own;
  const [initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold] = numbers;
  return [
    make(`${path}.initialDelaySeconds`, initialDelaySeconds, integer(0), 'Seconds before the first look.'),
    make(`${path}.periodSeconds`, periodSeconds, integer(1), 'Seconds between looks.'),
    make(`${path}.timeoutSeconds`, timeoutSeconds, integer(1), 'Seconds that an answer may take.'),
    make(`${path}.successThreshold`, successThreshold, integer(1), 'Good answers in a row.'),
    make(`${path}.failureThreshold`, failureThreshold, integer(1), 'Bad answers in a row.'),
  ];
}

export const controllerValues: readonly ValueRow[] = [
  ...deployment('', ['http-metrics', 'http-healthz', 'http-acme', 'tls-acme']),
  own('image.name', 'certwright', text, 'Name of the one image that all roles run.'),
  same('image.registry', '', text, 'Registry, before `imageRegistry`.'),
  same('image.repository', '', text, 'Whole name without tag, instead of registry, namespace and name.'),
  same('image.tag', '', text, 'Tag. Empty: the version of the chart.'),
  same('image.digest', '', text, 'Digest: `sha256:...`.'),
  same(
    'image.pullPolicy',
    'IfNotPresent',
    oneOf('Always', 'IfNotPresent', 'Never'),
    'When the image is pulled.',
  ),
  same(
    'clusterResourceNamespace',
    '',
    text,
    'Where the Secrets of ClusterIssuers are. Empty: the release namespace.',
  ),
  same('enableCertificateOwnerRef', false, flag, 'A Secret goes when its Certificate goes.'),
  same(
    'disableAutoApproval',
    false,
    flag,
    'Leave the approval of CertificateRequests to somebody else, without the right to it.',
  ),
  same(
    'approveSignerNames',
    ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'],
    texts,
    'Signers that CertificateRequests may be approved for.',
  ),
  same('ingressShim.defaultIssuerName', '', text, 'Issuer of Ingresses and Gateways that name none.'),
  same('ingressShim.defaultIssuerKind', '', text, 'Its kind. Empty: `Issuer`.'),
  same('ingressShim.defaultIssuerGroup', '', text, 'Its group. Empty: `cert-manager.io`.'),
  same('http_proxy', '', text, '`HTTP_PROXY`.'),
  same('https_proxy', '', text, '`HTTPS_PROXY`.'),
  same('no_proxy', '', text, '`NO_PROXY`.'),
  same('extraContainers', [], list, 'Further containers of the pod.'),
  same('podDnsPolicy', '', text, 'DNS policy of the pod.'),
  same('podDnsConfig', {}, map, 'DNS settings of the pod.'),
  same('hostAliases', [], list, 'Entries of /etc/hosts.'),
  same('livenessProbe.enabled', true, flag, 'Restart a process that no longer works.'),
  ...probe('livenessProbe', true, [10, 10, 15, 1, 8]),
  own('readinessProbe.enabled', true, flag, 'Ready once caches are synced, or standing by.'),
  ...probe('readinessProbe', false, [1, 2, 5, 1, 3]),
];

export const cainjectorValues: readonly ValueRow[] = [
  same('cainjector.enabled', true, flag, 'Run the cainjector.'),
  ...deployment('cainjector.', ['http-metrics']),
];

const anyMap = (path: string, value: object, meaning: string): ValueRow => same(path, value, map, meaning);

export const webhookValues: readonly ValueRow[] = [
  ...deployment('webhook.', ['https', 'healthcheck', 'http-metrics']),
  ...probe('webhook.livenessProbe', true, [60, 10, 1, 1, 3]).map((row) => ({ ...row, deploymentOnly: true })),
  ...probe('webhook.readinessProbe', true, [5, 5, 1, 1, 3]).map((row) => ({ ...row, deploymentOnly: true })),
  same(
    'webhook.timeoutSeconds',
    30,
    { type: 'integer', minimum: 1, maximum: 30 },
    'How long the API server waits for it.',
  ),
  same('webhook.securePort', 10_250, port, 'Port of the container.'),
  {
    ...same(
      'webhook.hostNetwork',
      false,
      flag,
      'Run in the network of the node, where the API server reaches no pods.',
    ),
    deploymentOnly: true,
  },
  same(
    'webhook.serviceType',
    'ClusterIP',
    oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    'Type of its Service.',
  ),
  same('webhook.loadBalancerIP', '', text, 'Address of its load balancer.'),
  same('webhook.url.host', '', text, 'Reach it under this host instead of the Service.'),
  anyMap(
    'webhook.mutatingWebhookConfigurationAnnotations',
    {},
    'Annotations of the MutatingWebhookConfiguration.',
  ),
  anyMap(
    'webhook.validatingWebhookConfigurationAnnotations',
    {},
    'Annotations of the ValidatingWebhookConfiguration.',
  ),
  anyMap('webhook.mutatingWebhookConfiguration.namespaceSelector', {}, 'Namespaces that it looks at.'),
  anyMap(
    'webhook.validatingWebhookConfiguration.namespaceSelector',
    {
      matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
    },
    'Namespaces that it looks at.',
  ),
  same('webhook.enableClientVerification', false, flag, 'Ask the API server for a client certificate.'),
  same('webhook.clientCAFile', '', text, 'Path of the CA that it must chain to.'),
  same('webhook.apiserverClientCertSubjects', '', text, 'Names that it may carry, with commas.'),
  own('webhook.leafDuration', '168h', duration, 'Life of its serving certificate.'),
];
