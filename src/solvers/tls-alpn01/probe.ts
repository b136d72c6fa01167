/** Looks at a TLS-ALPN-01 answer the way that a CA does: one handshake, and the certificate that it shows (RFC 8737 §3). */
import { createHash } from 'node:crypto';
import { connect } from 'node:tls';
import { isIP } from 'node:net';
import { DerReader } from '../../pki/asn1/der-reader.ts';
import { PkiError } from '../../pki/errors.ts';
import { parseCertificate, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';
import { canonicalHost } from '../responder/challenge-answers.ts';
import { serverNameOf } from '../responder/server-name.ts';
import { acmeTlsProtocol } from '../responder/tls-alpn01-listener.ts';
import { acmeIdentifierOid } from './challenge-certificate.ts';

export interface ProbeTarget {
  /** IP address to connect to. */
  address: string;
  port: number;
  /** What the certificate has to prove. */
  identifier: string;
  digest: Uint8Array;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface Sight {
  /** Empty when the answer is right, else what is wrong with it. */
  fault: string;
  /** False: this machine has no way to that address, which says nothing about what is there. */
  hasRoute: boolean;
}

/** Never rejects. */
export function probeTlsAlpn01(target: ProbeTarget): Promise<Sight> {
  const { address, port, identifier, digest, timeoutMs, signal } = target;
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      servername: serverNameOf(identifier),
      ALPNProtocols: [acmeTlsProtocol],
      // Self-signed by its nature: what it says is compared below.
      rejectUnauthorized: false,
    });
    const end = (fault: string, hasRoute = true): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.destroy();
      resolve({ fault, hasRoute });
    };
    const aborted = (): void => end('the look was broken off');
    const timer = setTimeout(() => end(`no handshake within ${timeoutMs / 1000} s`), timeoutMs);
    timer.unref();
    signal?.addEventListener('abort', aborted, { once: true });
    socket.once('error', (error: Error & { code?: string }) =>
      noRoute.has(error.code ?? '') ? end('there is no route to that address', false) : end(faultOf(error)),
    );
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== acmeTlsProtocol) {
        end('a TLS server answers that does not speak acme-tls/1: TLS ends before it reaches this process');
        return;
      }
      end(certificateFault(socket.getPeerCertificate().raw, identifier, digest));
    });
    if (signal?.aborted === true) aborted();
  });
}

const noRoute: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
]);

function faultOf(error: Error & { code?: string }): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'the connection is refused: nothing listens there';
    case 'ECONNRESET':
      return 'the connection is cut during the handshake';
    case 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL':
    case 'ERR_SSL_TLSV13_ALERT_NO_APPLICATION_PROTOCOL':
      return 'the TLS server there refuses acme-tls/1: it has to pass such connections through to this process';
    default:
      return `no handshake: ${(error.code ?? error.message).slice(0, 120)}`;
  }
}

/** Texts of the certificate are a stranger's: none is repeated. */
function certificateFault(der: Uint8Array, identifier: string, digest: Uint8Array): string {
  let certificate: ParsedCertificate;
  try {
    certificate = parseCertificate(der);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return 'the certificate shown cannot be read';
  }
  const { dnsNames, ipAddresses } = certificate.subjectAltNames;
  const names = isIP(identifier) === 0 ? dnsNames : ipAddresses;
  if (
    dnsNames.length + ipAddresses.length !== 1 ||
    canonicalHost(names[0] ?? '') !== canonicalHost(identifier)
  )
    return 'the certificate shown is not for that name alone';
  const proof = certificate.extensions.find(({ oid }) => oid === acmeIdentifierOid);
  if (proof === undefined) return 'the certificate shown is an ordinary one, without a proof for ACME';
  if (!proof.critical) return 'the proof in the certificate shown is not marked critical';
  if (Buffer.compare(readDigest(proof.value), digest) !== 0)
    return 'the certificate shown proves another challenge: is another client at work on that name?';
  return '';
}

function readDigest(value: Uint8Array): Uint8Array {
  try {
    const reader = DerReader.over(value);
    const digest = reader.octetString();
    reader.end();
    return digest;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return new Uint8Array();
  }
}

/** The digest that a Challenge's key stands for: of the key authorization, or the digest itself in base64url. */
export function digestOfKey(key: string): Buffer {
  // A key authorization is token and thumbprint with a dot between them (RFC 8555 §8.1); base64url has no dot.
  if (key.includes('.')) return createHash('sha256').update(key).digest();
  return Buffer.from(key, 'base64url');
}
