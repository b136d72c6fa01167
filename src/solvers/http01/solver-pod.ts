/** The Pod that answers one challenge (spec/acme.md §8.3), with what the template of the solver changes. */
import type { Challenge } from '../../api/challenge.ts';
import type { PodTemplate } from '../../api/pod-template.ts';
import type { Container, Pod } from '../../api/workloads.ts';
import { SolverConfigurationError } from '../errors.ts';
import type { Http01Settings } from '../settings.ts';
import { labelsOf, metadataOf, portName, solverPort } from './identity.ts';

const annotations = {
  'sidecar.istio.io/inject': 'false',
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true',
};

/** @throws SolverConfigurationError without an image */
export function solverPod(challenge: Challenge, settings: Http01Settings): Pod {
  const template = podTemplateOf(challenge);
  const { pod } = settings;
  const { metadata, spec = {} } = template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadataOf(challenge, labelsOf(challenge, settings.extraLabels, metadata?.labels), {
      ...annotations,
      ...metadata?.annotations,
    }),
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'OnFailure',
      ...(pod.runtimeClassName === '' ? {} : { runtimeClassName: pod.runtimeClassName }),
      nodeSelector: { 'kubernetes.io/os': 'linux', ...spec.nodeSelector },
      ...some('affinity', spec.affinity),
      ...some('tolerations', spec.tolerations),
      ...some('priorityClassName', spec.priorityClassName),
      ...some('serviceAccountName', spec.serviceAccountName),
      ...some('imagePullSecrets', spec.imagePullSecrets),
      // Replaced as a whole, defaults included: so it is in cert-manager, and somebody may count on it.
      securityContext: spec.securityContext ?? {
        runAsNonRoot: pod.runAsNonRoot,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container(challenge, settings, spec.resources)],
    },
  };
}

/** No command: the image decides what it runs, ours and cert-manager's alike. */
function container(
  { spec }: Challenge,
  { pod }: Http01Settings,
  resources: NonNullable<PodTemplate['spec']>['resources'],
): Container {
  if (pod.image === '')
    throw new SolverConfigurationError(
      'HTTP-01 solver Pods have no image: start the controller with --acme-http01-solver-image (the chart does), or let it answer by itself with --acme-http01-responder=Resident',
    );
  return {
    name: 'acmesolver',
    image: pod.image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      `--listen-port=${solverPort}`,
      `--domain=${spec.dnsName}`,
      `--token=${spec.token}`,
      `--key=${spec.key}`,
    ],
    ports: [{ name: portName, containerPort: solverPort, protocol: 'TCP' }],
    resources: {
      requests: {
        ...quantities({ cpu: pod.requestCpu, memory: pod.requestMemory }),
        ...resources?.requests,
      },
      limits: { ...quantities({ cpu: pod.limitCpu, memory: pod.limitMemory }), ...resources?.limits },
    },
    securityContext: {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
  };
}

function podTemplateOf({ spec }: Challenge): PodTemplate {
  const { ingress, gatewayHTTPRoute } = spec.solver.http01 ?? {};
  return (ingress ?? gatewayHTTPRoute)?.podTemplate ?? {};
}

function quantities(of: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== ''));
}

function some<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return empty ? {} : ({ [key]: value } as Record<K, V>);
}
