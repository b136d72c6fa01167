/** `certwright controller`: the controllers against any Kubernetes API, one instance at work at a time. */
import { randomUUID } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { leaderElectionComponent, leaderElectionLease } from '../../api/components.ts';
import { managedBy, managedByController } from '../../api/labels.ts';
import { defaultControllerOptions, type Log } from '../../controllers/context.ts';
import { startControllers } from '../../controllers/manager.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { adaptConnection } from '../../kube/capabilities.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, endpointOf, type OpenConnection, type TlsMaterial } from '../../kube/connect.ts';
import { ConfigurationError, CredentialsError } from '../../kube/errors.ts';
import { nodeHost } from '../../kube/host.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { connectInCluster } from '../../kube/in-cluster.ts';
import { loadKubeContext } from '../../kube/kubeconfig.ts';
import { acquireLease, type Leadership } from '../../kube/lease.ts';
import { userAgent } from '../../kube/user-agent.ts';
import { EnvironmentError, exitCodes } from '../errors.ts';
import { firstContact } from './first-contact.ts';
import { createLog } from '../log.ts';
import { createModules, defaultShimSettings } from './modules.ts';
import type { Surroundings } from '../program.ts';
import { version } from '../version.ts';
import {
  readControllerOptions,
  type ControllerCommandOptions,
  type ControllerFlags,
} from './controller-options.ts';

/** Resolves to the exit code once everything is stopped. */
export async function controller(flags: ControllerFlags, surroundings: Surroundings): Promise<number> {
  const options = readControllerOptions(flags);
  const { write, color } = { write: surroundings.err, color: surroundings.color };
  const log = createLog({ format: options.logFormat, level: options.logLevel, write, color });
  const { connection, tls } = await open(options, surroundings);
  // Timers and idle connections do not keep a process alive; waiting for an API that is down must.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await firstContact({ connection, tls, log, signal: surroundings.signal });
    if (surroundings.signal.aborted) return exitCodes.ok;
    const adapted = await adaptConnection(connection, {
      perSecond: options.qps,
      burst: options.burst,
      signal: surroundings.signal,
    });
    log.info({ server: connection.baseUrl }, 'connected');
    return await lead(adapted, options, surroundings, log);
  } finally {
    clearInterval(alive);
    await connection.close();
  }
}

interface Opened {
  connection: OpenConnection;
  tls?: () => Promise<TlsMaterial>;
}

async function open(options: ControllerCommandOptions, surroundings: Surroundings): Promise<Opened> {
  const clock = systemClock;
  const host = nodeHost(surroundings.env, homedir());
  const { platform, arch } = process;
  const settings = {
    clock,
    random: Math.random,
    userAgent: (component: string) => userAgent(component, { version, commit: version, platform, arch }),
  };
  try {
    const inPod = surroundings.env['KUBERNETES_SERVICE_HOST'] !== undefined;
    const nothingNamed =
      options.kubeconfig === undefined &&
      options.context === undefined &&
      surroundings.env['KUBECONFIG'] === undefined;
    if (options.inCluster || (inPod && nothingNamed))
      return { connection: await connectInCluster(host, settings) };
    const context = await loadKubeContext(host, { file: options.kubeconfig, context: options.context });
    const endpoint = endpointOf(context, host, clock);
    return { connection: await connect(endpoint, settings), tls: endpoint.tls };
  } catch (error) {
    if (!(error instanceof ConfigurationError) && !(error instanceof CredentialsError)) throw error;
    throw new EnvironmentError('cli/kubeconfig', error.message, error);
  }
}

async function lead(
  connection: OpenConnection,
  options: ControllerCommandOptions,
  surroundings: Surroundings,
  log: Log,
): Promise<number> {
  const { signal } = surroundings;
  let leadership: Leadership | undefined;
  if (options.leaderElect) {
    log.info({ lease: `${options.leaderElectionNamespace}/${leaderElectionLease}` }, 'waiting for the lease');
    try {
      leadership = await acquireLease(
        {
          client: createKubeClient({ ...connection, component: leaderElectionComponent }),
          clock: systemClock,
          random: Math.random,
          namespace: options.leaderElectionNamespace,
          name: leaderElectionLease,
          identity: `${hostname()}-${randomUUID()}-external-cert-manager-controller`,
          labels: { [managedBy]: managedByController },
          fieldManager: leaderElectionComponent,
          onError: (err) => log.warn({ err }, 'the lease could not be taken or renewed; it is tried again'),
          onStandby: (holder) =>
            log.info({ holder }, `${holder} holds the lease and works; waiting until it stops to renew it`),
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return exitCodes.ok;
      throw error;
    }
  }
  const csrs = new CsrReader();
  const controllers = startControllers({
    client: createKubeClient(connection),
    clock: systemClock,
    random: Math.random,
    log,
    issuerTypes: createIssuerTypes(csrs),
    csrs,
    modules: createModules({ enabled: new Set(['ingress-shim']), shim: defaultShimSettings }),
    streamingList: connection.streamingList,
    options: {
      clusterResourceNamespace: options.clusterResourceNamespace,
      namespace: options.namespace,
      enableCertificateOwnerRef: options.enableCertificateOwnerRef,
      copiedAnnotationPrefixes:
        options.copiedAnnotationPrefixes ?? defaultControllerOptions.copiedAnnotationPrefixes,
      minBackoffMs: options.minBackoffMs,
      maxBackoffMs: options.maxBackoffMs,
      concurrency: options.concurrency,
      approve: options.approve,
    },
  });
  controllers.synced.then(
    () => log.info({}, 'caches are synced; at work'),
    () => undefined,
  );
  const lost = leadership?.lost;
  await untilAborted(lost === undefined ? signal : AbortSignal.any([signal, lost]));
  await controllers.stop();
  if (lost?.aborted === true) {
    log.error({}, 'the lease was lost, another instance may be at work: ending');
    return exitCodes.failed;
  }
  await leadership?.release();
  log.info({}, 'stopped');
  return exitCodes.ok;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
