/** Answers TLS-ALPN-01 challenges (RFC 8737): handshakes for `acme-tls/1`, chosen by SNI, and not one byte more. */
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { ListenOn } from '../settings.ts';
import { bind } from './bind.ts';
import type { TlsAlpn01Answer } from './challenge-answers.ts';
import type { ChallengeListener } from './http01-listener.ts';
import { identifierOfServerName } from './server-name.ts';

/** RFC 8737 §6.2. */
export const acmeTlsProtocol = 'acme-tls/1';

export interface TlsAlpn01ListenerOptions {
  address: ListenOn;
  answers: { tlsAlpn01(domain: string): TlsAlpn01Answer | undefined };
  /** Names the flag in messages. */
  setting: string;
  onRequest?: (seen: { domain: string; answered: boolean; remote: string }) => void;
  onError?: (error: Error) => void;
}

const mostConnections = 512;

/** @throws ListenError */
export async function startTlsAlpn01Listener(options: TlsAlpn01ListenerOptions): Promise<ChallengeListener> {
  const contexts = new WeakMap<TlsAlpn01Answer, SecureContext>();
  const contextOf = (answer: TlsAlpn01Answer): SecureContext => {
    const made = contexts.get(answer) ?? createSecureContext({ key: answer.key, cert: answer.certificate });
    contexts.set(answer, made);
    return made;
  };
  const open = new Set<Socket>();
  const server = createServer({
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    // RFC 8737 §3: whoever does not offer it is turned away with the alert no_application_protocol.
    ALPNCallback: ({ protocols }) => (protocols.includes(acmeTlsProtocol) ? acmeTlsProtocol : undefined),
    SNICallback: (serverName, done) => {
      const domain = identifierOfServerName(serverName);
      const answer = options.answers.tlsAlpn01(domain);
      options.onRequest?.({ domain: domain.slice(0, 253), answered: answer !== undefined, remote: '' });
      if (answer === undefined) done(new Error('no challenge is open for that name'));
      else done(null, contextOf(answer));
    },
  });
  server.maxConnections = mostConnections;
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.setTimeout(15_000, () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  });
  // Scans and strangers: they have had their alert, and are no fault of ours.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => socket.destroy());
    // A client without ALPN got through the handshake: it gets no further. RFC 8737 §3: no data is exchanged.
    if (socket.alpnProtocol !== acmeTlsProtocol) socket.destroy();
    else socket.end();
  });
  const onError = options.onError ?? (() => undefined);
  const { address, port } = await bind(
    server,
    options.setting,
    options.address,
    onError,
    `let it pass connections for acme-tls/1 on to another address and name that one with ${options.setting}`,
  );
  return {
    address: { host: address, port },
    close: () => closeNow(server, open),
  };
}

/** A handshake is short, and a CA comes again. */
function closeNow(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });
}
