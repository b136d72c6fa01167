/** From the flags that name an API server to an open connection that was answered once. */
import { homedir } from 'node:os';
import { adaptConnection } from '../../kube/capabilities.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, endpointOf, type OpenConnection, type TlsMaterial } from '../../kube/connect.ts';
import { ConfigurationError, CredentialsError } from '../../kube/errors.ts';
import { nodeHost } from '../../kube/host.ts';
import { inClusterEndpoint } from '../../kube/in-cluster.ts';
import { loadKubeContext } from '../../kube/kubeconfig.ts';
import { userAgent } from '../../kube/user-agent.ts';
import type { Log } from '../../controllers/context.ts';
import { EnvironmentError } from '../errors.ts';
import type { Surroundings } from '../program.ts';
import { version } from '../version.ts';
import { firstContact } from './first-contact.ts';

/** Empty texts name nothing. */
export interface ConnectionSettings {
  kubeconfig: string;
  context?: string;
  inCluster?: boolean;
  /** Instead of the address in the kubeconfig; without any kubeconfig nobody is logged in. */
  master?: string;
  /** Requests per second where the server does not share itself out; negative: no limit. */
  qps?: number;
  burst?: number;
  /** False: where nothing listens, it is said at once instead of waited for. */
  waits?: boolean;
}

/**
 * Resolves once the API answered, with what its server can do; undefined when asked to stop before. An API that cannot
 * be reached is waited for, unless the settings say otherwise.
 * @throws EnvironmentError when no waiting will help: kubeconfig, credentials, trust
 */
export async function openConnection(
  settings: ConnectionSettings,
  surroundings: Pick<Surroundings, 'env' | 'signal'>,
  log: Log,
): Promise<OpenConnection | undefined> {
  const { connection, tls } = await open(settings, surroundings);
  const { signal } = surroundings;
  try {
    await firstContact({ connection, tls, log, signal, waits: settings.waits ?? true });
    if (!signal.aborted) {
      const limit = { perSecond: settings.qps, burst: settings.burst, signal };
      const adapted = await adaptConnection(connection, limit);
      log.info({ server: connection.baseUrl }, 'connected');
      return (settings.qps ?? 0) < 0 ? { ...adapted, limiter: undefined } : adapted;
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
  await connection.close();
  return undefined;
}

interface Opened {
  connection: OpenConnection;
  tls?: () => Promise<TlsMaterial>;
}

async function open(settings: ConnectionSettings, surroundings: Pick<Surroundings, 'env'>): Promise<Opened> {
  const clock = systemClock;
  const { env } = surroundings;
  const host = nodeHost(env, homedir());
  const { platform, arch } = process;
  const options = {
    clock,
    random: Math.random,
    userAgent: (component: string) => userAgent(component, { version, commit: version, platform, arch }),
  };
  const [kubeconfig, context, master] = [settings.kubeconfig, settings.context ?? '', settings.master ?? ''];
  try {
    const nothingNamed = kubeconfig === '' && context === '' && env['KUBECONFIG'] === undefined;
    if (
      settings.inCluster === true ||
      (nothingNamed && master === '' && env['KUBERNETES_SERVICE_HOST'] !== undefined)
    )
      return { connection: await connect(inClusterEndpoint(host, clock), options) };
    if (nothingNamed && master !== '')
      return { connection: await connect({ server: master, tls: () => Promise.resolve({}) }, options) };
    const found = await loadKubeContext(host, {
      file: kubeconfig === '' ? undefined : kubeconfig,
      context: context === '' ? undefined : context,
    });
    const endpoint = { ...endpointOf(found, host, clock), ...(master === '' ? {} : { server: master }) };
    return { connection: await connect(endpoint, options), tls: endpoint.tls };
  } catch (error) {
    if (!(error instanceof ConfigurationError) && !(error instanceof CredentialsError)) throw error;
    throw new EnvironmentError('cli/kubeconfig', error.message, error);
  }
}
