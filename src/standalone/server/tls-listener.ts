/** The API over TLS: loopback by default, never open without a way to know who asks. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { BlockList, isIP, isIPv6, type AddressInfo } from 'node:net';
import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { ListenError } from '../errors.ts';
import type { ServerLog } from '../server-log.ts';
import type { ListenOptions, Listening } from '../server.ts';
import { createAuthenticator } from './authenticator.ts';
import { serveHttp } from './http-front.ts';
import type { Handle } from './in-process-dispatcher.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { writePrivateFile } from './private-file.ts';
import { ServingRenewal } from './serving-renewal.ts';

export interface ListenDeps {
  handle: Handle;
  dataDir: string | undefined;
  random: (size: number) => Uint8Array;
  now: () => number;
  log: ServerLog | undefined;
}

const DRAIN_MS = 5000;
const MIN_VERSION = 'TLSv1.2';
/** Every watch of a client over TLS is a connection. */
const MAX_CONNECTIONS = 1000;
/** What a client may take, in time and in header bytes. Bodies are bounded where they are read. */
const LIMITS = {
  maxHeaderSize: 32 * 1024,
  handshakeTimeout: 10_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 90_000,
  connectionsCheckingInterval: 5000,
  // A peer that is gone without a word is noticed, also when a watch has nothing to say.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

async function isLoopback(host: string): Promise<boolean> {
  const addresses = isIP(host) === 0 ? (await resolve(host)).map(({ address }) => address) : [host];
  return addresses.every((address) => loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
}

async function resolve(host: string): Promise<{ address: string }[]> {
  try {
    return await lookup(host, { all: true });
  } catch (error) {
    throw new ListenError('ERR_LISTEN_HOST', `the address to listen on, ${host}, cannot be resolved`, {
      cause: error,
    });
  }
}

/** @throws ListenError */
export async function listenTls(options: ListenOptions, deps: ListenDeps): Promise<Listening> {
  const host = options.host ?? '127.0.0.1';
  const local = await isLoopback(host);
  const hasToken = options.token !== undefined && options.token !== '';
  if (!local && !hasToken && options.clientCa === undefined) {
    throw new ListenError(
      'ERR_LISTEN_OPEN',
      `listening on ${host} reaches beyond this machine and needs a way to know who asks: give a token or a client CA, or listen on 127.0.0.1`,
    );
  }
  if (hasToken && options.token!.length < 16) {
    throw new ListenError('ERR_LISTEN_TOKEN', 'the token is shorter than 16 characters and could be guessed');
  }
  const token = hasToken ? options.token : local ? localToken(deps) : undefined;
  const wildcard = host === '0.0.0.0' || host === '::';
  const names = new Set([
    'localhost',
    '127.0.0.1',
    '::1',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    ...(options.names ?? []),
  ]);
  if (!wildcard) names.add(host);
  const kubeconfigPath = token === undefined ? undefined : kubeconfigTarget(options, deps);
  const announce = (url: string, ca: string): void => {
    if (kubeconfigPath === undefined || token === undefined) return;
    writePrivateFile(kubeconfigPath, renderKubeconfig({ url, ca, token }), unique('kubeconfig', deps));
  };
  const serving = await ServingRenewal.start({
    ...deps,
    names: [...names],
    install: ({ ca, certificate: { key, cert } }, caChanged) => {
      server.setSecureContext({ ...trust(options), minVersion: MIN_VERSION, key, cert });
      if (caChanged) announce(url, ca.text);
    },
  });
  const front = serveHttp(deps.handle, createAuthenticator(token));
  const { key, cert } = serving.identity.certificate;
  const server = createServer(
    {
      ...LIMITS,
      ...trust(options),
      key,
      cert,
      minVersion: MIN_VERSION,
      ...(options.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
    },
    front.onRequest,
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () =>
    deps.log?.warn({ limit: MAX_CONNECTIONS }, 'a connection to the API was refused: there are too many'),
  );
  server.on('tlsClientError', (error) => deps.log?.debug({ err: error }, 'a TLS handshake failed'));
  const shown = wildcard ? '127.0.0.1' : host;
  let port: number;
  let url: string;
  try {
    port = await bound(server, host, options.port ?? 0);
    url = `https://${isIPv6(shown) ? `[${shown}]` : shown}:${port}`;
    announce(url, serving.identity.ca.text);
  } catch (error) {
    await serving.stop();
    server.close();
    throw error;
  }
  // Such as running out of file descriptors at accept: the connection is lost, the server is not.
  server.on('error', (error) => deps.log?.error({ err: error }, 'the API could not accept a connection'));
  deps.log?.info(
    { url, ...(kubeconfigPath === undefined ? {} : { kubeconfig: kubeconfigPath }) },
    'the API is listening',
  );
  return {
    url,
    host,
    port,
    get ca() {
      return serving.identity.ca.text;
    },
    ...(token === undefined ? {} : { token }),
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
    close: async () => {
      await serving.stop();
      await closed(server, front.endStreams);
    },
  };
}

function trust({ clientCa }: ListenOptions): { ca?: string } {
  return clientCa === undefined ? {} : { ca: clientCa };
}

function unique(name: string, { random }: ListenDeps): string {
  return `${name}-${Buffer.from(random(8)).toString('hex')}`;
}

/** The token of a loopback listener outlives restarts, so that kubeconfigs that were copied go on working. */
function localToken(deps: ListenDeps): string {
  const made = Buffer.from(deps.random(32)).toString('base64url');
  if (deps.dataDir === undefined) return made;
  const path = join(deps.dataDir, 'token');
  if (existsSync(path)) {
    const kept = readFileSync(path, 'utf8').trim();
    if (kept.length >= 16) return kept;
  }
  writePrivateFile(path, `${made}\n`, unique('token', deps));
  return made;
}

function kubeconfigTarget(options: ListenOptions, { dataDir }: ListenDeps): string | undefined {
  if (options.kubeconfig === false) return undefined;
  return options.kubeconfig ?? (dataDir === undefined ? undefined : join(dataDir, 'kubeconfig'));
}

function bound(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'the port is in use by another process' : error.message;
    reject(new ListenError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${why}`, { cause: error }));
  });
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  return promise;
}

/** Ends watches, lets requests under way finish, and after five seconds cuts what is left. */
function closed(server: Server, endStreams: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (!server.listening) return Promise.resolve();
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
  server.close(() => {
    clearTimeout(cut);
    resolve();
  });
  endStreams();
  server.closeIdleConnections();
  return promise;
}
