/** What leads a TLS handshake through a Gateway to this Pod: Service, EndpointSlices and TLSRoute of one Challenge. Pure. */
import { createHash } from 'node:crypto';
import type { Challenge } from '../../api/challenge.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import type { TlsRoute } from '../../api/routes.ts';
import type { ParentReference } from '../../api/solver-http01.ts';
import type { EndpointSlice, Service } from '../../api/workloads.ts';
import { residentService, residentSlices, type ResidentPort } from '../resident-endpoints.ts';
import { serverNameOf } from '../responder/server-name.ts';
import type { PodIdentity } from '../settings.ts';

/** On everything that is made for TLS-ALPN-01; cert-manager has no such solver, and no such label. */
export const tlsAlpn01Label = 'certwright.dev/tls-alpn01-solver';

/** RFC 8737 §3: a CA comes to port 443. The Service has the same number, to be read without a table. */
const servicePort = 443;

export interface RouteObjects {
  service: Service;
  slices: EndpointSlice[];
  /** Without apiVersion: which one is served is found out. */
  route: TlsRoute;
}

/** From the UID: a Challenge of the same name that is made anew has objects of its own. */
export function routeObjectName({ metadata }: Challenge): string {
  const digest = createHash('sha256')
    .update(metadata?.uid ?? '')
    .digest('hex');
  return `cm-acme-tls-solver-${digest.slice(0, 16)}`;
}

/** @throws SolverNotServedError when this process does not know its Pod */
export function routeObjects(
  challenge: Challenge,
  options: {
    pod: PodIdentity | undefined;
    listenPort: number;
    extraLabels: Readonly<Record<string, string>>;
  },
): RouteObjects {
  const { pod, listenPort, extraLabels } = options;
  const section = challenge.spec.solver.tlsALPN01?.gatewayTLSRoute;
  const name = routeObjectName(challenge);
  const metadata: ObjectMeta = {
    name,
    namespace: challenge.metadata?.namespace ?? '',
    labels: { ...extraLabels, [tlsAlpn01Label]: 'true' },
    ownerReferences: [
      {
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Challenge',
        name: challenge.metadata?.name ?? '',
        uid: challenge.metadata?.uid ?? '',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
  const port: ResidentPort = { name: 'tls', port: servicePort, targetPort: listenPort };
  const slices = residentSlices({ metadata }, port, pod);
  return {
    slices,
    service: residentService(metadata, port, { pod: pod ?? { name: '', namespace: '', ips: [] } }),
    route: {
      kind: 'TLSRoute',
      metadata: { ...metadata, labels: { ...extraLabels, ...section?.labels, [tlsAlpn01Label]: 'true' } },
      spec: {
        parentRefs: (section?.parentRefs ?? []).map(withoutEmpty),
        // Addresses are asked for by their reverse names (RFC 8738 §6), which are names like any other.
        hostnames: [serverNameOf(challenge.spec.dnsName)],
        rules: [{ backendRefs: [{ name, port: servicePort }] }],
      },
    },
  };
}

/** Fields that are not there stay away: server-side apply would own them. */
function withoutEmpty(parent: ParentReference): ParentReference {
  return Object.fromEntries(
    Object.entries(parent).filter(([, value]) => value !== undefined),
  ) as ParentReference;
}
