/** Starts Pebble, Let's Encrypt's ACME test server: a real CA that misbehaves on purpose. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { goProgram, PROGRAMS } from './go-program.ts';
import { ask } from './https.ts';
import { freePorts, PeerProcess, type Prefix } from './peer-process.ts';
import { certificateOf, makeRoot, makeSigned } from './test-pki.ts';

/** What is left out stays as Pebble has it. */
export interface PebbleOptions {
  /** Address to listen at; 127.0.0.1. */
  readonly listen?: string;
  /** Host part of `directoryUrl`, when it is not `listen`; a certificate is made for it, too. */
  readonly host?: string;
  /** Free ones when absent. */
  readonly port?: number;
  readonly managementPort?: number;
  /** Where Pebble looks for HTTP-01 and TLS-ALPN-01; 5002 and 5001. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** `127.0.0.1:8053`; the system's resolver when absent. */
  readonly dnsServer?: string;
  /** Percent of good nonces that are refused; Pebble: 5. */
  readonly nonceReject?: number;
  /** Percent of valid authorizations that new orders reuse; Pebble: 50. */
  readonly authorizationReuse?: number;
  /** No random sleep before a validation. Pebble sleeps up to 15 s, or up to `sleepSeconds`. */
  readonly noSleep?: boolean;
  readonly sleepSeconds?: number;
  /** Accept every challenge without looking. Only where challenges are not the subject. */
  readonly alwaysValid?: boolean;
  /** Certificates above the leaf; Pebble: 1. */
  readonly chainLength?: number;
  readonly alternateRoots?: number;
  /** Key identifiers and MAC keys in base64url. */
  readonly externalAccounts?: { readonly required: boolean; readonly keys: Readonly<Record<string, string>> };
  /** Name to description and validity in seconds; Pebble: `default`. */
  readonly profiles?: Readonly<Record<string, { description: string; validityPeriod: number }>>;
  /** Seconds of `Retry-After` beside a pending authorization and a processing order. */
  readonly retryAfter?: { readonly authz: number; readonly order: number };
  readonly blockedDomains?: readonly string[];
  readonly caaIdentities?: readonly string[];
  /** Pebble's own `-strict`. */
  readonly strict?: boolean;
  readonly keyAlgorithm?: 'rsa' | 'ecdsa';
  /** Starts it elsewhere: `['ip', 'netns', 'exec', 'outside']`. The management interface must be within reach. */
  readonly prefix?: Prefix;
}

export interface Pebble {
  readonly directoryUrl: string;
  /** PEM of the CA of Pebble's own HTTPS certificate: an issuer's `caBundle`. */
  readonly caBundle: string;
  readonly managementUrl: string;
  readonly port: number;
  readonly pid: number;
  /** PEM of the root of what it issues; the alternate ones from 1 on. */
  root(index?: number): Promise<string>;
  intermediate(index?: number): Promise<string>;
  /** `Valid` or `Revoked`. Serial number in hex. */
  certificateStatus(serialHex: string): Promise<{ status: string; reason?: number }>;
  /** What renewal information says of a certificate from now on; anything, wrong JSON too. */
  setRenewalInfo(certificatePem: string, answer: string): Promise<void>;
  setRenewalWindow(certificatePem: string, start: Date, end: Date, explanationURL?: string): Promise<void>;
  log(): string;
  /** SIGKILL: accounts, orders and certificates are gone, they are in memory only. */
  stop(): Promise<void>;
}

/** @throws Error with the end of the log when it does not start */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const binary = await goProgram(PROGRAMS.pebble);
  const peer = await PeerProcess.inNewFolder('pebble');
  const listen = options.listen ?? '127.0.0.1';
  const host = options.host ?? (listen === '0.0.0.0' ? '127.0.0.1' : listen);
  const free = await freePorts(2);
  const port = options.port ?? free[0] ?? 0;
  const managementPort = options.managementPort ?? free[1] ?? 0;
  await makeRoot(peer.folder, 'ca');
  await makeSigned(peer.folder, 'ca', 'server', [...new Set([host, '127.0.0.1', 'localhost'])]);
  const caBundle = await certificateOf(peer.folder, 'ca');
  const config = path.join(peer.folder, 'config.json');
  await writeFile(config, JSON.stringify(configuration(options, listen, port, managementPort)));
  const args = ['-config', config, ...(options.strict === true ? ['-strict'] : [])];
  if (options.dnsServer !== undefined) args.push('-dnsserver', options.dnsServer);
  peer.start(binary, args, environment(options), options.prefix);
  const directoryUrl = `https://${host}:${port}/dir`;
  const managementUrl = `https://${host}:${managementPort}`;
  await peer.until('Pebble', async () => {
    // Both listen from threads of their own.
    const answers = await Promise.all(
      [directoryUrl, `${managementUrl}/roots/0`].map((url) => ask(url, { ca: caBundle })),
    );
    return answers.every(({ status }) => status === 200);
  });
  const manage = async (action: string, body?: string): Promise<string> => {
    const answer = await ask(`${managementUrl}/${action}`, { ca: caBundle, body });
    if (answer.status !== 200)
      throw new Error(`Pebble: ${action}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body;
  };
  const setRenewalInfo = async (certificate: string, answer: string): Promise<void> => {
    await manage('set-renewal-info/', JSON.stringify({ certificate, ariResponse: answer }));
  };
  return {
    directoryUrl,
    caBundle,
    managementUrl,
    port,
    pid: peer.pid,
    root: (index = 0) => manage(`roots/${index}`),
    intermediate: (index = 0) => manage(`intermediates/${index}`),
    async certificateStatus(serialHex) {
      const text = await manage(`cert-status-by-serial/${serialHex}`);
      const { Status, Reason } = JSON.parse(text) as { Status: string; Reason?: number };
      return { status: Status, reason: Reason };
    },
    setRenewalInfo,
    setRenewalWindow: (certificate, start, end, explanationURL) =>
      setRenewalInfo(certificate, JSON.stringify({ suggestedWindow: { start, end }, explanationURL })),
    log: () => peer.log,
    stop: () => peer.stop(),
  };
}

function configuration(
  options: PebbleOptions,
  listen: string,
  port: number,
  managementPort: number,
): Record<string, unknown> {
  return {
    pebble: {
      listenAddress: `${listen}:${port}`,
      managementListenAddress: `${listen}:${managementPort}`,
      certificate: 'server.crt',
      privateKey: 'server.key',
      httpPort: options.httpPort ?? 5002,
      tlsPort: options.tlsPort ?? 5001,
      ocspResponderURL: '',
      externalAccountBindingRequired: options.externalAccounts?.required ?? false,
      externalAccountMACKeys: options.externalAccounts?.keys ?? {},
      domainBlocklist: options.blockedDomains ?? [],
      retryAfter: options.retryAfter ?? { authz: 3, order: 5 },
      caaIdentities: options.caaIdentities ?? [],
      keyAlgorithm: options.keyAlgorithm ?? 'ecdsa',
      ...(options.profiles === undefined ? {} : { profiles: options.profiles }),
    },
  };
}

function environment(options: PebbleOptions): Record<string, string> {
  const values: Record<string, number | undefined> = {
    PEBBLE_WFE_NONCEREJECT: options.nonceReject,
    PEBBLE_AUTHZREUSE: options.authorizationReuse,
    PEBBLE_VA_NOSLEEP: options.noSleep === true ? 1 : undefined,
    PEBBLE_VA_SLEEPTIME: options.sleepSeconds,
    PEBBLE_VA_ALWAYS_VALID: options.alwaysValid === true ? 1 : undefined,
    PEBBLE_CHAIN_LENGTH: options.chainLength,
    PEBBLE_ALTERNATE_ROOTS: options.alternateRoots,
  };
  const set = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}
