/** Pods, Services and EndpointSlices: who answers inside a cluster, reduced to the fields that solvers write or read. */
import type { KubeObject } from './meta.ts';
import type { ResourceType } from './resources.ts';

const core = { group: '', version: 'v1', namespaced: true } as const;

export const pods: ResourceType = {
  ...core,
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
};

export const services: ResourceType = {
  ...core,
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
};

export const endpointSlices: ResourceType = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
};

export interface Container {
  name: string;
  image?: string;
  imagePullPolicy?: string;
  args?: string[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  resources?: {
    requests?: Record<string, string | number>;
    limits?: Record<string, string | number>;
  };
  securityContext?: {
    readOnlyRootFilesystem?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { drop?: string[] };
  };
}

/** Fields that a solver only passes on are as the user's template has them. */
export interface PodSpec {
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  restartPolicy?: string;
  runtimeClassName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: object;
  tolerations?: object[];
  priorityClassName?: string;
  serviceAccountName?: string;
  imagePullSecrets?: { name?: string }[];
  securityContext?: object;
  containers: Container[];
}

export interface ContainerStatus {
  name?: string;
  ready?: boolean;
  restartCount?: number;
  state?: {
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string; exitCode?: number };
  };
}

export interface Pod extends KubeObject {
  spec?: PodSpec;
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    podIPs?: { ip?: string }[];
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface ServicePort {
  name?: string;
  protocol?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
}

export interface Service extends KubeObject {
  spec?: {
    type?: string;
    /** Absent: somebody else writes the EndpointSlices. */
    selector?: Record<string, string>;
    ports?: ServicePort[];
    clusterIP?: string;
    clusterIPs?: string[];
    ipFamilyPolicy?: string;
    ipFamilies?: string[];
  };
}

/** discovery.k8s.io/v1; belongs to the Service that label `kubernetes.io/service-name` names. */
export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints:
    | {
        addresses: string[];
        conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
        nodeName?: string;
        targetRef?: { kind?: string; namespace?: string; name?: string; uid?: string };
      }[]
    | null;
  ports?: { name?: string; protocol?: string; port?: number; appProtocol?: string }[] | null;
}
