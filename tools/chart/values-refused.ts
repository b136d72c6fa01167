/** Keys of cert-manager's chart that mean nothing here, each with the reason that whoever sets it is told. */
import type { RefusedRow } from './value-row.ts';

const oneImage = 'there is one image for all roles: set image.* instead';
const noSolver = 'solver Pods run the one image as well: set image.* instead';
const noCheck =
  'there is no check job: `helm install --wait` waits until the pods are ready, and with admission policies the API answers at once; leave it out';

const images = ['registry', 'repository', 'name', 'tag', 'digest'].flatMap((key) =>
  ['webhook', 'cainjector'].map((component) => ({
    path: `${component}.image.${key}`,
    harmless: key === 'name' ? [`cert-manager-${component}`] : [],
    reason: oneImage,
  })),
);

const checks: readonly (readonly [key: string, harmless: readonly unknown[]])[] = [
  ['timeout', ['1m']],
  ['backoffLimit', [4]],
  ['ttlSecondsAfterFinished', []],
  ['extraArgs', [['-v']]],
  ['extraEnv', []],
  ['resources', []],
  ['nodeSelector', [{ 'kubernetes.io/os': 'linux' }]],
  ['affinity', []],
  ['tolerations', []],
  ['podLabels', []],
  ['podAnnotations', []],
  [
    'image',
    [{ name: 'cert-manager-startupapicheck', pullPolicy: 'IfNotPresent' }, { pullPolicy: 'IfNotPresent' }],
  ],
];

export const refusedValues: readonly RefusedRow[] = [
  {
    path: 'global.podSecurityPolicy.enabled',
    reason:
      'Kubernetes has had no PodSecurityPolicy since 1.25: leave it out; the pods meet the standard "restricted"',
  },
  {
    path: 'global.podSecurityPolicy.useAppArmor',
    harmless: [true],
    reason: 'it belonged to PodSecurityPolicy, which is gone since Kubernetes 1.25: leave it out',
  },
  {
    path: 'acmesolver.image',
    harmless: [
      { name: 'cert-manager-acmesolver', pullPolicy: 'IfNotPresent' },
      { pullPolicy: 'IfNotPresent' },
    ],
    reason: noSolver,
  },
  { path: 'startupapicheck.enabled', harmless: [true, false], reason: noCheck },
  ...checks.map(([key, harmless]) => ({ path: `startupapicheck.${key}`, harmless, reason: noCheck })),
  ...images,
  ...['webhook', 'cainjector'].map((component) => ({
    path: `${component}.image.pullPolicy`,
    harmless: ['IfNotPresent'],
    reason: oneImage,
  })),
  {
    path: 'prometheus.servicemonitor.targetPort',
    reason: "cert-manager's chart removed it in 1.21: leave it out, the Service port is http-metrics",
  },
  {
    path: 'prometheus.servicemonitor.path',
    reason: "cert-manager's chart removed it in 1.21: leave it out, the path is /metrics",
  },
  {
    path: 'prometheus.podmonitor.path',
    reason: "cert-manager's chart removed it in 1.21: leave it out, the path is /metrics",
  },
];
