/** From an address and credentials to a connection: connection pools with the settings that were measured. */
import { createSecureContext } from 'node:tls';
import { Agent, buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import { basic, bearer, type Auth } from './auth/auth.ts';
import { execPlugin, type ExecAuth } from './auth/exec-plugin.ts';
import { tokenFile } from './auth/token-file.ts';
import type { Clock } from './clock.ts';
import { ConfigurationError } from './errors.ts';
import type { Host } from './host.ts';
import type { KubeContext } from './kubeconfig.ts';
import type { KubeConnection } from './transport.ts';

/** PEM texts, as node:tls takes them. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  insecure?: boolean;
}

export interface Endpoint {
  server: string;
  /** Asked for every new connection, so that rotated files take effect without a restart. */
  tls: () => Promise<TlsMaterial>;
  auth?: Auth;
  proxyUrl?: string;
}

export interface ConnectOptions {
  clock: Clock;
  random: () => number;
  userAgent?: (component: string) => string;
  /** Connections for requests; 16 when absent (one per worker that may be writing). */
  connections?: number;
}

export interface OpenConnection extends KubeConnection {
  /** PEM of the CA that the server's certificate is checked with, as it is now; undefined: that of the system. */
  serverCa?: () => Promise<string | undefined>;
  /** Ends every request under way and closes the connections; any number of times. */
  close(): Promise<void>;
}

/** Rejects with ConfigurationError. Opens nothing yet. */
export async function connect(endpoint: Endpoint, options: ConnectOptions): Promise<OpenConnection> {
  const url = new URL(endpoint.server);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new ConfigurationError(
      `${endpoint.server}: an API server is reached by https (or http on loopback)`,
    );
  const make = await dispatcherFactory(endpoint);
  const dispatcher = make(options.connections ?? 16);
  // Each watch occupies a connection as long as it lasts: unlimited, or requests would wait for watches to end.
  const watchDispatcher = make(undefined);
  const { clock, random, userAgent } = options;
  let closed: Promise<void> | undefined;
  return {
    baseUrl: endpoint.server,
    serverCa: async () => (await endpoint.tls()).ca,
    dispatcher,
    watchDispatcher,
    auth: endpoint.auth,
    userAgent,
    clock,
    random,
    close: () =>
      (closed ??= Promise.all([dispatcher.destroy(), watchDispatcher.destroy()]).then(() => undefined)),
  };
}

async function dispatcherFactory(
  endpoint: Endpoint,
): Promise<(connections: number | undefined) => Dispatcher> {
  const common = {
    // HTTP/2 was slower when idle and has a history of leaks (docs/decisions).
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    // Connections do not live for ever, so that rotated certificates and new servers behind the address come in.
    clientTtl: 600_000,
  };
  if (endpoint.proxyUrl !== undefined) {
    const uri = endpoint.proxyUrl;
    if (!/^https?:\/\//.test(uri))
      // The rest of the URL may hold a password.
      throw new ConfigurationError(
        `proxy-url ${uri.split(':', 1)[0]?.slice(0, 32)}:...: only http and https proxies are supported`,
      );
    const requestTls = connectorOptions(await endpoint.tls());
    return (connections) => new ProxyAgent({ ...common, uri, connections, requestTls });
  }
  let last: { material: TlsMaterial; connector: buildConnector.connector } | undefined;
  const connectorFor = (material: TlsMaterial): buildConnector.connector => {
    // One connector as long as nothing changes: it remembers TLS sessions.
    if (last === undefined || JSON.stringify(last.material) !== JSON.stringify(material))
      last = { material, connector: buildConnector(connectorOptions(material)) };
    return last.connector;
  };
  const connector: buildConnector.connector = (options, callback) => {
    void (async () => {
      try {
        connectorFor(await endpoint.tls())(options, callback);
      } catch (error) {
        callback(error as Error, null);
      }
    })();
  };
  return (connections) => new Agent({ ...common, connections: connections ?? null, connect: connector });
}

function connectorOptions(material: TlsMaterial): buildConnector.BuildOptions {
  const { ca, cert, key, serverName, insecure } = material;
  return {
    allowH2: false,
    timeout: 30_000,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    rejectUnauthorized: insecure !== true,
    // Made once for all connections: reading the material takes as long as a handshake.
    secureContext: createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** Turns a kubeconfig context into an endpoint. Throws ConfigurationError for what we do not support. */
export function endpointOf(context: KubeContext, host: Host, clock: Clock): Endpoint {
  const { cluster, user } = context;
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  const ca = material(cluster['certificate-authority-data'], cluster['certificate-authority'], host);
  if (insecure && ca !== undefined)
    throw new ConfigurationError(
      `context ${context.name}: insecure-skip-tls-verify and a certificate authority exclude each other`,
    );
  const cert = material(user['client-certificate-data'], user['client-certificate'], host);
  const key = material(user['client-key-data'], user['client-key'], host);
  if ((cert === undefined) !== (key === undefined))
    throw new ConfigurationError(
      `context ${context.name}: a client certificate needs its key, and the key its certificate`,
    );
  const exec = execOf(context, host, clock);
  return {
    server: cluster.server,
    proxyUrl: cluster['proxy-url'],
    auth: exec ?? authOf(context, host, clock),
    async tls() {
      const issued = await exec?.certificate();
      return {
        ca: await ca?.(),
        cert: issued?.cert ?? (await cert?.()),
        key: issued?.key ?? (await key?.()),
        serverName: cluster['tls-server-name'],
        insecure,
      };
    },
  };
}

/** Inline data goes before a file, as kubectl has it. */
function material(
  data: string | undefined,
  file: string | undefined,
  host: Host,
): (() => Promise<string>) | undefined {
  if (data !== undefined && data !== '') {
    const text = Buffer.from(data, 'base64').toString('latin1');
    return () => Promise.resolve(text);
  }
  return file === undefined || file === '' ? undefined : () => host.readFile(file);
}

function authOf(context: KubeContext, host: Host, clock: Clock): Auth | undefined {
  const { user } = context;
  if (user['auth-provider'] !== undefined)
    throw new ConfigurationError(
      `context ${context.name}: auth-provider was removed from Kubernetes; use an exec credential program`,
    );
  // The file goes before the inline token (client-go rest/config.go).
  if (user.tokenFile) return tokenFile(user.tokenFile, host, clock);
  if (user.token) return bearer(user.token);
  if (user.username) return basic(user.username, user.password ?? '');
  return undefined;
}

function execOf(context: KubeContext, host: Host, clock: Clock): ExecAuth | undefined {
  const { exec } = context.user;
  if (exec === undefined) return undefined;
  const { apiVersion, command } = exec;
  if (
    apiVersion !== 'client.authentication.k8s.io/v1' &&
    apiVersion !== 'client.authentication.k8s.io/v1beta1'
  )
    throw new ConfigurationError(`context ${context.name}: exec.apiVersion ${apiVersion} is not supported`);
  if (command === undefined || command === '')
    throw new ConfigurationError(`context ${context.name}: exec.command is missing`);
  const { cluster } = context;
  const info = {
    server: cluster.server,
    'certificate-authority-data': cluster['certificate-authority-data'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'tls-server-name': cluster['tls-server-name'],
    'proxy-url': cluster['proxy-url'],
    config: cluster.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
  return execPlugin(
    {
      apiVersion,
      command,
      args: exec.args ?? [],
      env: exec.env ?? [],
      installHint: exec.installHint,
      cluster: exec.provideClusterInfo === true ? info : undefined,
    },
    host,
    clock,
  );
}
