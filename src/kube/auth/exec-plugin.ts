/** Credentials from a program (client.authentication.k8s.io/v1 and v1beta1): cloud CLIs, SSO helpers. */
import type { Clock } from '../clock.ts';
import { CredentialsError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Auth } from './auth.ts';

export interface ExecPluginOptions {
  apiVersion: 'client.authentication.k8s.io/v1' | 'client.authentication.k8s.io/v1beta1';
  command: string;
  args?: readonly string[];
  env?: readonly { name: string; value: string }[];
  /** Printed when the program does not exist. */
  installHint?: string;
  /** Told to the program when it asked for it (provideClusterInfo). */
  cluster?: Record<string, unknown>;
}

export interface ExecAuth extends Auth {
  /** The client certificate, for programs that hand one out instead of a token. */
  certificate(): Promise<{ cert: string; key: string } | undefined>;
}

interface Credential {
  token?: string;
  cert?: string;
  key?: string;
  /** Milliseconds since the epoch; Infinity when the program did not say. */
  expiresAt: number;
}

/** Asked for anew this long before they expire, so that no request arrives with credentials that just did. */
const marginMs = 60_000;
const longestRunMs = 60_000;

export function execPlugin(options: ExecPluginOptions, host: Host, clock: Clock): ExecAuth {
  let known: Credential | undefined;
  /** One run at a time: many requests at start-up must not start many programs. */
  let running: Promise<Credential> | undefined;

  const run = async (): Promise<Credential> => {
    const { command, apiVersion, args = [], installHint } = options;
    const info = {
      kind: 'ExecCredential',
      apiVersion,
      spec: { cluster: options.cluster, interactive: false },
    };
    const extra = Object.fromEntries((options.env ?? []).map(({ name, value }) => [name, value]));
    let result: Awaited<ReturnType<Host['execute']>>;
    try {
      result = await host.execute({
        command,
        args,
        env: { ...host.env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeoutMs: longestRunMs,
      });
    } catch (cause) {
      const hint = installHint === undefined ? '' : `\n${installHint}`;
      throw new CredentialsError(`the credential program ${command} could not be run${hint}`, { cause });
    }
    if (result.exitCode !== 0) {
      const said = result.stderr.trim().slice(-300);
      throw new CredentialsError(
        `the credential program ${command} ended with code ${result.exitCode}: ${said}`,
      );
    }
    return parse(result.stdout, command, apiVersion);
  };
  const current = async (): Promise<Credential> => {
    if (known !== undefined && clock.now() < known.expiresAt - marginMs) return known;
    running ??= run().finally(() => {
      running = undefined;
    });
    known = await running;
    return known;
  };

  return {
    async headers(): Promise<Record<string, string>> {
      const { token } = await current();
      return token === undefined ? {} : { authorization: `Bearer ${token}` };
    },
    async certificate() {
      const { cert, key } = await current();
      return cert === undefined || key === undefined ? undefined : { cert, key };
    },
    refused() {
      known = undefined;
      return true;
    },
  };
}

function parse(stdout: string, command: string, apiVersion: string): Credential {
  let credential: unknown;
  try {
    credential = JSON.parse(stdout);
  } catch {
    // Not attached as cause: its message quotes what may be a token.
    throw new CredentialsError(`the credential program ${command} printed something that is not JSON`);
  }
  const { kind, apiVersion: version, status } = (credential ?? {}) as Record<string, unknown>;
  if (kind !== 'ExecCredential' || version !== apiVersion)
    throw new CredentialsError(
      `the credential program ${command} did not print an ExecCredential of ${apiVersion}`,
    );
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = (status ?? {}) as Record<
    string,
    unknown
  >;
  const cert = typeof clientCertificateData === 'string' ? clientCertificateData : undefined;
  const key = typeof clientKeyData === 'string' ? clientKeyData : undefined;
  if (typeof token !== 'string' && cert === undefined)
    throw new CredentialsError(`the credential program ${command} printed neither token nor certificate`);
  if ((cert === undefined) !== (key === undefined))
    throw new CredentialsError(
      `the credential program ${command} printed a certificate without its key, or a key alone`,
    );
  const expiresAt = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Infinity;
  if (Number.isNaN(expiresAt))
    throw new CredentialsError(
      `the credential program ${command} printed an expirationTimestamp that is no time`,
    );
  return { token: typeof token === 'string' ? token : undefined, cert, key, expiresAt };
}
