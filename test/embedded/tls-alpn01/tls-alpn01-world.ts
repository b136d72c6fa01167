/** The TLS-ALPN-01 solver against an API server, with a listener of its own for each process; the Gateway is played by dialling it. */
import type { TestContext } from 'node:test';
import type { Challenge } from '../../../src/api/challenge.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { challenges } from '../../../src/api/resources.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { Responder } from '../../../src/solvers/responder/responder.ts';
import { defaultAcmeSettings, type PodIdentity } from '../../../src/solvers/settings.ts';
import type { Solver, SolverContext } from '../../../src/solvers/solver.ts';
import { createTlsAlpn01Solver } from '../../../src/solvers/tls-alpn01/tls-alpn01-solver.ts';
import { openApi, type ApiUnderTest } from '../../servers/api-under-test.ts';

export const namespace = 'tls-alpn01';
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** As much of the Gateway API's definition as the solver writes. */
export const definition = (version: string): KubeObject & { spec: object } => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'tlsroutes.gateway.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/1' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    names: { kind: 'TLSRoute', listKind: 'TLSRouteList', plural: 'tlsroutes', singular: 'tlsroute' },
    scope: 'Namespaced',
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
});

export interface World {
  api: ApiUnderTest;
  /** A process of its own, with a listener. */
  start: (pod: PodIdentity) => Promise<{ solver: Solver; port: number }>;
}

export async function world(t: TestContext, crds: readonly KubeObject[]): Promise<World> {
  const api = await openApi({
    dataDir: ':memory:',
    fresh: true,
    crds,
    namespaces: [namespace],
    now: () => Date.now(),
  });
  t.after(() => api.close());
  return {
    api,
    async start(pod) {
      const responder = new Responder({
        settings: { tlsAlpn01: { host: '127.0.0.1', port: 0 } },
        names: { http01: '--a', tlsAlpn01: '--b', webroot: '--c' },
        always: { http01: false, tlsAlpn01: true },
        clock: systemClock,
        log,
      });
      await responder.start();
      t.after(() => responder.close());
      const port = responder.tlsAlpn01Address?.port ?? 0;
      const solver = createTlsAlpn01Solver({
        client: api.client(),
        clock: systemClock,
        random: () => 0.5,
        log,
        settings: { ...defaultAcmeSettings, inCluster: true },
        environment: {},
        pod,
        responder,
        resolver: {
          query: async () => {
            throw new TypeError('nobody is asked');
          },
        },
        lookup: async () => ['192.0.2.1'],
        // The Gateway: passes TLS through to whoever the Service leads to.
        dial: () => ({ address: '127.0.0.1', port }),
      });
      return { solver, port };
    },
  };
}

export async function challengeOf(api: ApiUnderTest): Promise<SolverContext> {
  const challenge = await api.client().create<Challenge>(
    challenges,
    {
      apiVersion: 'acme.cert-manager.io/v1',
      kind: 'Challenge',
      metadata: { namespace, generateName: 'web-' },
      spec: {
        url: 'https://ca.example/c/1',
        authorizationURL: 'https://ca.example/a/1',
        dnsName: 'shop.example.com',
        type: 'TLS-ALPN-01',
        token: 'token',
        key: 'token.thumbprint',
        solver: {
          tlsALPN01: {
            gatewayTLSRoute: { parentRefs: [{ kind: 'Gateway', name: 'edge', namespace: 'infra' }] },
          },
        },
        issuerRef: { name: 'ca' },
      },
    },
    { fieldManager: 'test' },
  );
  return { challenge, resourceNamespace: namespace, ambient: false };
}

export const pod = (ip: string): PodIdentity => ({
  name: 'certwright-0',
  namespace: 'cert-manager',
  ips: [ip],
});
