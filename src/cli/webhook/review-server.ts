/** `/mutate` and `/validate` over HTTPS: bounded bodies, deadlines, the certificate swapped while connections are open (spec §12). */
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTls, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Admission } from '../../api/admission.ts';
import { stampRequester } from '../../admission/create-admission.ts';
import { readReview, ReviewFormatError, writeReview } from '../../admission/review/review.ts';
import type { Log } from '../../controllers/context.ts';
import { PkiError } from '../../pki/errors.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import type { CertificateSource } from '../../serving/certificate-source.ts';
import { listen } from '../process/listen.ts';

export interface ClientVerification {
  /** PEM. */
  ca: string;
  /** Common names or DNS names, one of which the certificate must carry; empty: any. */
  subjects: readonly string[];
}

export interface ReviewServerOptions {
  /** Names the setting of the port in messages. */
  setting: string;
  host: string;
  port: number;
  validate: Admission;
  /** Absent: plain HTTP, for tests. */
  certificate?: CertificateSource;
  tls?: Pick<ServerOptions, 'ciphers' | 'minVersion'>;
  clients?: ClientVerification;
  log: Log;
  /** Longest body; 7 MiB when absent: two objects of 3 MiB, which is what the API server takes. */
  maxBodyBytes?: number;
  /** How long a client may take to send its request; 10 s when absent. */
  patienceMs?: number;
}

export interface ReviewServer {
  port: number;
  /** Takes nothing new, waits up to five seconds for what is under way. */
  close(): Promise<void>;
}

const graceMs = 5_000;
/** The API server keeps a few connections; what is beyond is somebody else. */
const mostConnections = 512;

/** @throws EnvironmentError when the port cannot be had */
export async function startReviewServer(options: ReviewServerOptions): Promise<ReviewServer> {
  const { certificate, clients, patienceMs = 10_000 } = options;
  const limits = {
    requestTimeout: patienceMs,
    headersTimeout: patienceMs,
    // Node looks for slow clients only this often.
    connectionsCheckingInterval: Math.ceil(patienceMs / 5),
    maxHeaderSize: 16 * 1024,
  };
  const context = {
    ...options.tls,
    ...(clients && { ca: clients.ca, requestCert: true, rejectUnauthorized: true }),
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(options, request, response).catch((error: unknown) => {
      options.log.error({ err: error }, 'a review failed');
      response.destroy();
    });
  const server: Server =
    certificate === undefined
      ? createPlain(limits, handle)
      : createTls({ ...limits, ...context, ...certificate.current }, handle);
  server.maxConnections = mostConnections;
  server.keepAliveTimeout = 75_000;
  const forget = certificate?.onChange((pair) => {
    if ('setSecureContext' in server) (server as TlsLike).setSecureContext({ ...context, ...pair });
  });
  await listen(server, options.setting, options, (err) =>
    options.log.warn({ err }, 'a connection to the webhook could not be accepted'),
  );
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      forget?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

interface TlsLike {
  setSecureContext(options: ServerOptions): void;
}

async function answer(
  options: ReviewServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  const refuse = (status: number, why: string): void => {
    // The rest of the body is not read: the connection ends with the answer.
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(`${why}\n`);
  };
  if (path !== '/mutate' && path !== '/validate') return refuse(404, 'only /mutate and /validate are here');
  if (request.method !== 'POST') return refuse(405, 'POST an AdmissionReview');
  const stranger = strangerProblem(request.socket, options.clients);
  if (stranger !== undefined) return refuse(403, stranger);
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json(?:;|$)/u.test(type)) return refuse(415, 'send application/json');
  const body = await bodyOf(request, options.maxBodyBytes ?? 7 * 1024 * 1024);
  if (body === 'gone') return;
  if (body === 'too long') return refuse(413, 'the body is longer than a review can be');
  let written: string;
  try {
    written = await reviewed(path, body.text, options.validate);
  } catch (error) {
    if (error instanceof ReviewFormatError) return refuse(400, error.message);
    throw error;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(written);
}

async function reviewed(path: '/mutate' | '/validate', body: string, validate: Admission): Promise<string> {
  const { uid, request } = readReview(body);
  if (request === undefined) return writeReview(uid, { allowed: true });
  if (path === '/validate') return writeReview(uid, await validate(request));
  const object = stampRequester(request);
  return writeReview(uid, { allowed: true, ...(object && { object }) }, request.object);
}

/** Chains are checked by TLS; here it is whose certificate it is. */
function strangerProblem(socket: Socket, clients: ClientVerification | undefined): string | undefined {
  if (clients === undefined || clients.subjects.length === 0) return undefined;
  const names = namesOf((socket as TLSSocket).getPeerCertificate().raw);
  if (names.some((name) => clients.subjects.includes(name))) return undefined;
  return 'the client certificate is not that of the API server: --client-subject-names has other names';
}

/** From the bytes: node's text of alternative names has odd ones quoted and escaped in a way of its own. */
function namesOf(der: Buffer | undefined): readonly string[] {
  if (der === undefined) return [];
  try {
    const { subjectFields, subjectAltNames } = parseCertificate(der);
    const { commonName } = subjectFields;
    return [...(commonName === undefined ? [] : [commonName]), ...subjectAltNames.dnsNames];
  } catch (error) {
    if (error instanceof PkiError) return [];
    throw error;
  }
}

/** The body, or why there is none. */
async function bodyOf(
  request: IncomingMessage,
  most: number,
): Promise<{ text: string } | 'too long' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > most) return 'too long';
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > most) return 'too long';
      chunks.push(chunk);
    }
  } catch {
    // Whoever hangs up in the middle of a question wants no answer.
    return 'gone';
  }
  return { text: Buffer.concat(chunks).toString('utf8') };
}
