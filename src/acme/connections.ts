/** Connections to one CA: its own roots, through a proxy or not, made when first needed and kept. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { PkiError } from '../pki/errors.ts';
import { decodePem } from '../pki/pem.ts';
import { AcmeConfigurationError } from './errors.ts';
import { proxyChoice } from './proxy-choice.ts';
import type { AcmeClientOptions } from './create-client.ts';

/** A bundle of all public roots is 250 KiB. */
const maxBundleBytes = 1 << 20;
const connectTimeoutMs = 30_000;

export interface Connections {
  /** Who carries a request to this URL. */
  dispatcherFor(url: URL): Dispatcher;
  close(): Promise<void>;
}

/** @throws AcmeConfigurationError for a CA bundle without certificates, or a proxy that is none */
export function openConnections(
  options: Pick<AcmeClientOptions, 'caBundle' | 'skipTLSVerify' | 'proxy' | 'dispatcher'>,
): Connections {
  const { caBundle, skipTLSVerify, dispatcher } = options;
  if (caBundle !== undefined && caBundle !== '') checkBundle(caBundle);
  const choose = proxyChoice(options.proxy);
  if (dispatcher !== undefined) return { dispatcherFor: () => dispatcher, close: () => Promise.resolve() };
  let context: SecureContext | undefined;
  const tls = () => ({
    allowH2: false,
    timeout: connectTimeoutMs,
    rejectUnauthorized: skipTLSVerify !== true,
    // Once for all connections: reading roots takes as long as a handshake. `ca` replaces the roots of the system.
    secureContext: (context ??= createSecureContext(caBundle ? { ca: caBundle } : {})),
  });
  const settings = {
    allowH2: false,
    pipelining: 1,
    connections: 16,
    keepAliveTimeout: 20_000,
    // Rotated certificates and moved servers come in.
    clientTtl: 600_000,
  };
  const made = new Map<string, Dispatcher>();
  return {
    dispatcherFor(url) {
      const proxy = choose(url);
      const key = proxy ?? 'direct';
      let found = made.get(key);
      if (found === undefined) {
        found =
          proxy === undefined
            ? new Agent({ ...settings, connect: tls() })
            : new ProxyAgent({
                ...settings,
                uri: proxy,
                requestTls: tls(),
                connectTimeout: connectTimeoutMs,
              });
        made.set(key, found);
      }
      return found;
    },
    close() {
      const all = [...made.values()];
      made.clear();
      // Undici waits for what is under way; whoever closes does not want to.
      for (const one of all) one.close().catch(() => undefined);
      return Promise.resolve();
    },
  };
}

function checkBundle(pem: string): void {
  try {
    if (decodePem(pem, maxBundleBytes).some(({ label }) => label === 'CERTIFICATE')) return;
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause;
    throw new AcmeConfigurationError(`caBundle cannot be read: ${cause.message}`, { cause });
  }
  throw new AcmeConfigurationError('caBundle holds no certificate');
}
