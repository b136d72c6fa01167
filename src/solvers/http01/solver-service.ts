/** The Service that routes lead to (spec/acme.md §8.4): in front of a solver Pod, or of this process itself. */
import type { Challenge } from '../../api/challenge.ts';
import type { EndpointSlice, Service } from '../../api/workloads.ts';
import {
  residentService as residentServiceOf,
  residentSlices as residentSlicesOf,
  serviceNameLabel,
  type ResidentPort,
} from '../resident-endpoints.ts';
import type { Http01Settings, PodIdentity } from '../settings.ts';
import { identityLabels, labelsOf, metadataOf, portName, solverPort } from './identity.ts';

const annotations = { [`auth.istio.io/${solverPort}`]: 'NONE' };

export function podService(challenge: Challenge, settings: Http01Settings): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(challenge, labelsOf(challenge, settings.extraLabels), annotations),
    spec: {
      type: serviceTypeOf(challenge, 'NodePort'),
      ports: [{ name: portName, protocol: 'TCP', port: solverPort, targetPort: solverPort }],
      selector: identityLabels(challenge),
    },
  };
}

/** `port`: where this process listens for HTTP-01. Nothing needs a port on every node unless the solver asks for it. */
export function residentService(
  challenge: Challenge,
  settings: Http01Settings,
  to: { pod: PodIdentity; port: number },
): Service {
  return residentServiceOf(
    metadataOf(challenge, labelsOf(challenge, settings.extraLabels), annotations),
    residentPort(to.port),
    { type: serviceTypeOf(challenge, 'ClusterIP'), pod: to.pod },
  );
}

/** Lead the Service to this process. */
export function residentSlices(
  service: Service,
  to: { pod: PodIdentity | undefined; port: number },
): EndpointSlice[] {
  return residentSlicesOf(service, residentPort(to.port), to.pod);
}

/** Whether the slice leads where it should: to another process after a restart or a change of leaders, it does not. */
export function sameSlice(found: EndpointSlice, wanted: EndpointSlice): boolean {
  const where = ({ addressType, endpoints, ports, metadata }: EndpointSlice): string =>
    JSON.stringify([
      addressType,
      metadata?.labels?.[serviceNameLabel],
      (endpoints ?? []).map(({ addresses }) => addresses),
      (ports ?? []).map(({ name, port }) => [name, port]),
    ]);
  return where(found) === where(wanted);
}

/** A Service with a selector stands in front of a Pod; cert-manager made only such. */
export function isPodService({ spec }: Service): boolean {
  return Object.keys(spec?.selector ?? {}).length > 0;
}

function residentPort(targetPort: number): ResidentPort {
  return { name: portName, port: solverPort, targetPort };
}

function serviceTypeOf({ spec }: Challenge, ifUnset: string): string {
  const { ingress, gatewayHTTPRoute } = spec.solver.http01 ?? {};
  const wanted = (ingress ?? gatewayHTTPRoute)?.serviceType ?? '';
  return wanted === '' ? ifUnset : wanted;
}
