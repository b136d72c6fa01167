/** Starts step-ca as an ACME CA with a root of its own, with External Account Binding when asked for. */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { goProgram, PROGRAMS } from './go-program.ts';
import { ask } from './https.ts';
import { freePorts, PeerProcess } from './peer-process.ts';
import { certificateOf, makeRoot, makeSigned } from './test-pki.ts';

export interface StepCaOptions {
  readonly port?: number;
  /** Accounts need one of the bindings in `externalAccounts`. */
  readonly requireExternalAccount?: boolean;
  /** How many bindings to make; 1 when they are required. A binding serves one account. */
  readonly externalAccounts?: number;
  /** Where step-ca looks for HTTP-01 and TLS-ALPN-01; 80 and 443 when absent. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** `127.0.0.1:8053`; the system's resolver when absent. */
  readonly resolver?: string;
  /** Of `http-01`, `dns-01`, `tls-alpn-01`; all when absent. */
  readonly challenges?: readonly string[];
}

export interface StepCa {
  readonly directoryUrl: string;
  /** PEM of the root, for the CA's own HTTPS certificate as for what it issues: an issuer's `caBundle`. */
  readonly caBundle: string;
  /** MAC keys in base64url, as they go into an issuer's Secret. */
  readonly externalAccounts: readonly { keyId: string; key: string }[];
  readonly pid: number;
  log(): string;
  stop(): Promise<void>;
}

/** @throws Error with the end of the log when it does not start */
export async function startStepCa(options: StepCaOptions = {}): Promise<StepCa> {
  const binary = await goProgram(PROGRAMS.stepCa);
  const peer = await PeerProcess.inNewFolder('step-ca');
  const [port = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  const file = (name: string): string => path.join(peer.folder, name);
  await makeRoot(peer.folder, 'root');
  await makeSigned(peer.folder, 'root', 'intermediate', []);
  const provisioner = {
    type: 'ACME',
    name: 'acme',
    requireEAB: options.requireExternalAccount ?? false,
    ...(options.challenges === undefined ? {} : { challenges: options.challenges }),
  };
  await writeFile(
    file('ca.json'),
    JSON.stringify({
      root: file('root.crt'),
      crt: file('intermediate.crt'),
      key: file('intermediate.key'),
      address: `127.0.0.1:${port}`,
      dnsNames: ['127.0.0.1', 'localhost'],
      logger: { format: 'text' },
      db: { type: 'badgerv2', dataSource: file('db') },
      authority: { provisioners: [provisioner] },
    }),
  );
  const externalAccounts = await bindings(
    file('db'),
    options.externalAccounts ?? (options.requireExternalAccount === true ? 1 : 0),
  );
  const args = ['--insecure'];
  if (options.httpPort !== undefined) args.push('--acme-http-port', String(options.httpPort));
  if (options.tlsPort !== undefined) args.push('--acme-tls-port', String(options.tlsPort));
  if (options.resolver !== undefined) args.push('--resolver', options.resolver);
  peer.start(binary, [...args, file('ca.json')], { STEPPATH: peer.folder });
  const caBundle = await certificateOf(peer.folder, 'root');
  const directoryUrl = `https://127.0.0.1:${port}/acme/acme/directory`;
  await peer.until('step-ca', async () => (await ask(directoryUrl, { ca: caBundle })).status === 200);
  return {
    directoryUrl,
    caBundle,
    externalAccounts,
    pid: peer.pid,
    log: () => peer.log,
    stop: () => peer.stop(),
  };
}

/**
 * The free step-ca keeps bindings and checks them, but has no command that makes one: they are put into its database.
 */
async function bindings(database: string, count: number): Promise<{ keyId: string; key: string }[]> {
  if (count === 0) return [];
  const binary = await goProgram(PROGRAMS.stepEab);
  const { stdout } = await promisify(execFile)(binary, [database, String(count)]);
  return JSON.parse(stdout) as { keyId: string; key: string }[];
}
