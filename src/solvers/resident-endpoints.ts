/** How a Service leads to this very Pod: no selector, and EndpointSlices that we write. Pure; shared by HTTP-01 and TLS-ALPN-01. */
import { isIP } from 'node:net';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import type { EndpointSlice, Service } from '../api/workloads.ts';
import { SolverNotServedError } from './errors.ts';
import type { PodIdentity } from './settings.ts';

/** Which Service an EndpointSlice belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/** Who writes it: the API server's own controller leaves those of others alone. */
export const sliceManagerLabel = 'endpointslice.kubernetes.io/managed-by';
export const sliceManager = 'controller.certwright.dev';

export interface ResidentPort {
  /** `http`, or `tls`. */
  name: string;
  /** Of the Service, which routes name. */
  port: number;
  /** What this process listens on. */
  targetPort: number;
}

/** `metadata` as the solver gives it to everything that it makes: namespace, name or generateName, labels, owner. */
export function residentService(
  metadata: ObjectMeta,
  { name, port, targetPort }: ResidentPort,
  options: { type?: string; pod: PodIdentity },
): Service {
  const families = familiesOf(options.pod);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type: options.type ?? 'ClusterIP',
      ports: [{ name, protocol: 'TCP', port, targetPort }],
      // Only where there is a choice: a cluster with one family refuses to be asked for two.
      ...(families.length > 1 ? { ipFamilyPolicy: 'PreferDualStack' } : {}),
    },
  };
}

/**
 * One for each address family of the Pod, named after the Service so that the next process (after a restart or a change of
 * leaders) writes its own address over that of the last one.
 * @throws SolverNotServedError when this process does not know its Pod
 */
export function residentSlices(
  service: KubeObject,
  { name, targetPort }: ResidentPort,
  pod: PodIdentity | undefined,
): EndpointSlice[] {
  const { namespace, name: serviceName = '', labels, ownerReferences } = service.metadata ?? {};
  if (pod === undefined || pod.ips.length === 0)
    throw new SolverNotServedError(
      'this process does not know the address of its Pod, so nothing can be routed to it: set POD_NAME, POD_NAMESPACE and POD_IP (or POD_IPS) from the downward API, as the chart does',
    );
  return familiesOf(pod).map((family) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName}-${family.toLowerCase()}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [serviceNameLabel]: serviceName, [sliceManagerLabel]: sliceManager },
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    addressType: family,
    endpoints: [
      {
        addresses: pod.ips.filter((ip) => familyOf(ip) === family).slice(0, 1),
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
      },
    ],
    ports: [{ name, protocol: 'TCP', port: targetPort }],
  }));
}

/** In the order of the Pod's addresses: the first is the primary one. */
function familiesOf({ ips }: PodIdentity): ('IPv4' | 'IPv6')[] {
  return [...new Set(ips.map(familyOf))];
}

function familyOf(ip: string): 'IPv4' | 'IPv6' {
  return isIP(ip) === 6 ? 'IPv6' : 'IPv4';
}
