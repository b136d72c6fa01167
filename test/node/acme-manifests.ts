/** The issuer of the ACME stories, and what is to be served with its certificates. */

import { NODE_ADDRESS } from './node.ts';
import { SHOP } from './acme-objects.ts';
import { OUTSIDE_ADDRESS } from './host.ts';
import { ZONE, type Internet } from './internet.ts';
import { gatewayClass } from './manifests.ts';
import { NAMESPACE } from './release.ts';

export { NODE_ADDRESS };

const restricted = 'pod-security.kubernetes.io/enforce: restricted';

/**
 * One ClusterIssuer for every way: what is not named is proven by the responder that the chart chose. The namespace takes
 * restricted pods only, solver Pods like any other.
 */
export const issuer = ({ pebble, tsigSecret }: Internet): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${SHOP}, labels: {${restricted}}}
---
apiVersion: v1
kind: Secret
metadata: {name: tsig, namespace: ${NAMESPACE}}
stringData: {secret: "${tsigSecret}"}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: internet}
spec:
  acme:
    server: ${pebble.directoryUrl}
    caBundle: ${Buffer.from(pebble.caBundle).toString('base64')}
    email: ops@${ZONE}
    privateKeySecretRef: {name: internet-account}
    solvers:
    - http01: {ingress: {ingressClassName: traefik}}
    - selector: {dnsNames: [pod.${ZONE}]}
      http01: {ingress: {ingressClassName: traefik, responder: Pod}}
    - selector: {dnsNames: [gateway-pod.${ZONE}]}
      http01: {gatewayHTTPRoute: {responder: Pod, parentRefs: [{name: edge, namespace: ${SHOP}, sectionName: http}]}}
    - selector: {dnsNames: [gateway.${ZONE}]}
      http01: {gatewayHTTPRoute: {parentRefs: [{name: edge, namespace: ${SHOP}, sectionName: http}]}}
    - selector: {dnsZones: [wild.${ZONE}]}
      dns01:
        rfc2136:
          nameserver: ${OUTSIDE_ADDRESS}:53
          tsigKeyName: certwright
          tsigAlgorithm: HMACSHA256
          tsigSecretSecretRef: {name: tsig, key: secret}
`;

/** An annotated Ingress; its Certificate has its name. `hosts`: labels below the zone. */
export const ingress = (
  name: string,
  hosts = [name],
  more: Readonly<Record<string, string>> = {},
): string => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${SHOP}
  annotations: ${JSON.stringify({ 'cert-manager.io/cluster-issuer': 'internet', ...more })}
spec:
  ingressClassName: traefik
  tls: [{hosts: ${JSON.stringify(hosts.map((host) => `${host}.${ZONE}`))}, secretName: ${name}}]
  rules:
${hosts
  .map(
    (host) => `  - host: "${host}.${ZONE}"
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`,
  )
  .join('')}`;

/** One annotated Gateway with a listener for each host, and a route to the web server. */
export const gateway = (hosts: readonly string[]): string => `${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: ${SHOP}, annotations: {cert-manager.io/cluster-issuer: internet}}
spec:
  gatewayClassName: traefik
  listeners:
  - {name: http, protocol: HTTP, port: 80}
${hosts.map((host) => `  - {name: ${host}, protocol: HTTPS, port: 443, hostname: ${host}.${ZONE}, tls: {mode: Terminate, certificateRefs: [{name: ${host}}]}}\n`).join('')}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: ${SHOP}}
spec:
  parentRefs: [{name: edge}]
  hostnames: ${JSON.stringify(hosts.map((host) => `${host}.${ZONE}`))}
  rules: [{backendRefs: [{name: web, port: 80}]}]
`;
