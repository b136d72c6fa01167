/** The first request to an API: says at once, with cause and remedy, what no amount of waiting will mend. */
import { X509Certificate } from 'node:crypto';
import type { Log } from '../../controllers/context.ts';
import { pause } from '../../kube/clock.ts';
import type { TlsMaterial } from '../../kube/connect.ts';
import { CredentialsError, KubeError, TransportError } from '../../kube/errors.ts';
import { createTransport, type KubeConnection } from '../../kube/transport.ts';
import { EnvironmentError } from '../errors.ts';

export interface Contact {
  connection: KubeConnection;
  /** What the connection authenticates with, where it is known: explains why a handshake was refused. */
  tls: (() => Promise<TlsMaterial>) | undefined;
  log: Log;
  signal: AbortSignal;
  /** False: somebody sits in front of it. Where nothing is at the address, that is said at once. */
  waits: boolean;
}

const againMs = 5_000;

/**
 * Resolves once the API answered anything but 401, or when the signal aborts. A server that cannot be reached is waited
 * for where `waits` says so: it may be starting. One that is slow is waited for in any case.
 *
 * Rejects with EnvironmentError when credentials or trust are at fault, or nothing is there.
 */
export async function firstContact({ connection, tls, log, signal, waits }: Contact): Promise<void> {
  const transport = createTransport({ ...connection, requestTimeoutMs: 10_000 }, 'cert-manager');
  while (!signal.aborted) {
    try {
      await transport.request({ method: 'GET', path: '/version', signal });
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubeError)) throw error;
      const remedy =
        (await remedyOf(error, tls, connection.clock.now())) ?? (waits ? undefined : absence(error));
      if (remedy !== undefined) {
        throw new EnvironmentError('cli/kubeconfig', `${connection.baseUrl}: ${remedy}`, error);
      }
      // Any other answer is an answer: what it means is for the requests that matter.
      if (!(error instanceof TransportError) && error.status !== 0 && error.status < 500) return;
      log.warn(
        { server: connection.baseUrl, retryInMs: againMs },
        `${error.message}; is it running, and is this its address? It is tried again`,
      );
      await pause(connection.clock, againMs, signal).catch(() => undefined);
    }
  }
}

const another =
  'start it (certwright up, or the cluster), or name another one by --kubeconfig or --context; KUBECONFIG counts where neither is given';

const absences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no API listens there (connection refused)',
  ENOTFOUND: 'no such host is known (DNS)',
  EHOSTUNREACH: 'this machine has no way to that address',
  ENETUNREACH: 'this machine has no way to that address',
};

/** Why nothing can answer there; undefined where something may, later. */
function absence(error: KubeError): string | undefined {
  const what = causes(error)
    .map((cause) => absences[codeOf(cause)])
    .find((text) => text !== undefined);
  return what === undefined ? undefined : `${what}: ${another}`;
}

/** What to do about it; undefined when time may help. */
async function remedyOf(error: KubeError, tls: Contact['tls'], now: number): Promise<string | undefined> {
  // Why a program or a file gave no credentials is in the message; there is nobody to wait for.
  const credentials = [error, ...causes(error)].find((cause) => cause instanceof CredentialsError);
  if (credentials !== undefined) return credentials.message;
  const file = causes(error).find((cause) => /^E(?:NOENT|ACCES|ISDIR|PERM)$/.test(codeOf(cause)));
  if (file !== undefined) return `a file that the kubeconfig names cannot be read: ${file.message}`;
  const handshake = causes(error)
    .map(codeOf)
    .find((code) => tlsCodes.test(code));
  if (error.status !== 401 && handshake === undefined) return undefined;
  const own = await ownFault(tls, now);
  if (own !== undefined) return own;
  if (error.status === 401) {
    return 'the API does not accept these credentials (401): renew the token or client certificate of the kubeconfig';
  }
  return remedies[handshake ?? ''] ?? `the TLS handshake failed (${handshake}): ${lastCause(error).message}`;
}

const tlsCodes = /^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;

const untrusted =
  'its certificate is not signed by the certificate authority that the kubeconfig trusts: take certificate-authority-data from the cluster again';

const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: "the server's certificate has expired: renew it, or correct this machine's clock",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: correct this machine's clock",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for other names than this address: set tls-server-name, or use an address that it names",
};

/** Our own side of the handshake: a CA that is none, a client certificate that is over. */
async function ownFault(tls: Contact['tls'], now: number): Promise<string | undefined> {
  const material = await tls?.();
  if (material?.ca !== undefined && certificateOf(material.ca) === undefined) {
    return 'the certificate authority of the kubeconfig is not a PEM certificate: correct certificate-authority-data';
  }
  if (material?.cert === undefined) return undefined;
  const client = certificateOf(material.cert);
  if (client === undefined) {
    return 'the client certificate of the kubeconfig is not a PEM certificate: correct client-certificate-data';
  }
  return Date.parse(client.validTo) < now
    ? `the client certificate of the kubeconfig expired on ${new Date(client.validTo).toISOString()}: get a new kubeconfig`
    : undefined;
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // Only whether it is one is asked here; the caller says so in words.
    return undefined;
  }
}

function causes(error: Error): Error[] {
  return error.cause instanceof Error ? [error.cause, ...causes(error.cause)] : [];
}

function lastCause(error: Error): Error {
  return causes(error).at(-1) ?? error;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
