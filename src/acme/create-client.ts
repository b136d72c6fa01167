/** Makes the ACME client (RFC 8555) of one account with one CA. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { readAccountKey } from './account-key.ts';
import type { AcmeClient } from './acme-client.ts';
import { Client } from './client.ts';
import { openConnections } from './connections.ts';
import { AcmeConfigurationError } from './errors.ts';
import { isSaneUrl } from './read-fields.ts';
import { Session } from './session.ts';

/** One HTTP round trip, for metrics (acme.md §14): nonces and directories count under the action that needed them. */
export interface RoundTrip {
  scheme: string;
  /** With the port where it is not the scheme's own. */
  host: string;
  action: AcmeAction;
  method: string;
  /** HTTP status; 999: no answer. */
  status: number;
  seconds: number;
}

/** `action` labels of acme.md §14; the last line is ours, for calls that cert-manager never makes. */
export type AcmeAction =
  | 'authorize_order'
  | 'get_order'
  | 'fetch_cert'
  | 'list_cert_alternates'
  | 'wait_order'
  | 'create_order_cert'
  | 'accept_challenge'
  | 'get_challenge'
  | 'get_authorization'
  | 'wait_authorization'
  | 'register_account'
  | 'get_registration'
  | 'update_registration'
  | 'discover'
  | 'get_renewal_info'
  | 'unnamed_action'
  | 'deactivate_registration'
  | 'change_key'
  | 'deactivate_authorization'
  | 'revoke_cert'
  | 'list_orders';

/** Proxies as values of the environment that the command line read: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. */
export interface ProxySettings {
  https?: string;
  http?: string;
  /** Comma-separated: names, `.suffixes`, addresses, CIDR blocks, each with an optional port; `*` for all. */
  none?: string;
}

export interface AcmeClientOptions {
  /** Absolute http(s) URL. */
  directoryUrl: string;
  /** RSA (2048 bits and more), P-256, P-384 or Ed25519: PKCS#1, SEC 1 or PKCS#8. */
  accountKeyPem: string;
  /** `status.acme.uri`: saves the look-up by key. */
  accountUrl?: string;
  /** PEM; replaces the system's roots. */
  caBundle?: string;
  skipTLSVerify?: boolean;
  proxy?: ProxySettings;
  /** `certwright/<version>` and a comment. */
  userAgent: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** 0 <= random() < 1. */
  random: () => number;
  /** Told of every HTTP round trip. Must not throw. */
  observe?: (trip: RoundTrip) => void;
  /** For tests: used instead of connections of our own, and not closed. */
  dispatcher?: Dispatcher;
  /** For tests: waits between tries after refused nonces. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Opens nothing yet: the first call fetches the directory.
 * @throws AcmeConfigurationError for a key, an address, a CA bundle or a proxy that cannot be used
 */
export function createAcmeClient(options: AcmeClientOptions): AcmeClient {
  const { directoryUrl, accountUrl } = options;
  const isSane: boolean = isSaneUrl(directoryUrl, '');
  if (!isSane)
    throw new AcmeConfigurationError(
      `${directoryUrl.slice(0, 200)} is no http or https URL of an ACME directory`,
    );
  const connections = openConnections(options);
  const session = new Session({
    directoryUrl,
    key: readAccountKey(options.accountKeyPem),
    // One of another CA, or a damaged one, is not signed with: it is looked up.
    accountUrl: accountUrl !== undefined && isSaneUrl(accountUrl, directoryUrl) ? accountUrl : undefined,
    connections,
    userAgent: options.userAgent,
    observe: options.observe,
    now: options.now,
    random: options.random,
    steady: () => performance.now(),
    pause: options.pause ?? ((ms, signal) => wait(ms, undefined, { signal, ref: false })),
  });
  return new Client(session, () => connections.close());
}
