/** The controllers of a process with ACME, over any API server, and the issuer that leads to a CA of a test. */
import type { RoundTrip } from '../../src/acme/create-client.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import { composeAcme } from '../../src/cli/acme/compose.ts';
import { createModules, defaultShimSettings, upControllers } from '../../src/cli/controller/modules.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import type { KubeConnection } from '../../src/kube/transport.ts';
import { defaultAcmeSettings, type AcmeSettings } from '../../src/solvers/settings.ts';

const silent = (): void => undefined;

export interface Ca {
  readonly directoryUrl: string;
  readonly caBundle: string;
}

export interface AcmeControllersOptions {
  connection: Omit<KubeConnection, 'random'>;
  /** Beside the defaults, outside a cluster. */
  settings?: Partial<AcmeSettings>;
  environment?: Readonly<Record<string, string>>;
  /** The clock of the controllers, where it is not the connection's. */
  clock?: Clock;
  /** What the controllers talk to, where it is not the server itself. */
  through?: (client: KubeClient) => KubeClient;
  onTrip?: (trip: RoundTrip) => void;
  /** What they log as errors. */
  onProblem?: (problem: string) => void;
}

/** Resolves when their caches are complete. ClusterIssuers have their Secrets in the namespace `system`. */
export async function startAcmeControllers({
  connection: reach,
  settings,
  environment = {},
  clock = reach.clock,
  through = (client) => client,
  onTrip = silent,
  onProblem = silent,
}: AcmeControllersOptions): Promise<Controllers> {
  const connection: KubeConnection = { ...reach, random: Math.random };
  const acme = composeAcme({
    settings: { ...defaultAcmeSettings, inCluster: false, ...settings },
    connection: { ...connection, clock },
    environment,
    names: { http01: 'http01', tlsAlpn01: 'tlsalpn01', webroot: 'webroot' },
    observe: onTrip,
  });
  const controllers = startControllers({
    client: through(createKubeClient(connection)),
    clock,
    random: Math.random,
    log: {
      debug: silent,
      info: silent,
      warn: silent,
      error: (fields, message) => onProblem(`${message} ${JSON.stringify(fields)}`),
    },
    issuerTypes: createIssuerTypes(),
    modules: createModules(
      { enabled: upControllers, shim: { ...defaultShimSettings, quietWhileAbsent: true } },
      acme.modules,
    ),
    openAccount: acme.openAccount,
    options: { clusterResourceNamespace: 'system' },
  });
  try {
    await controllers.synced;
  } catch (error) {
    await controllers.stop();
    throw error;
  }
  return controllers;
}

/** @param acme fields of `spec.acme`, its solvers among them */
export function acmeClusterIssuer(
  name: string,
  { directoryUrl, caBundle }: Ca,
  acme: Partial<NonNullable<ClusterIssuer['spec']['acme']>>,
): ClusterIssuer {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name },
    spec: {
      acme: {
        server: directoryUrl,
        caBundle: Buffer.from(caBundle).toString('base64'),
        email: 'ops@example.test',
        privateKeySecretRef: { name: `${name}-account` },
        ...acme,
      },
    },
  };
}
