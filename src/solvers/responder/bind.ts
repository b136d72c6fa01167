/** Begins to listen, on every address family there is, and says in words what to do when the system refuses. */
import { messageOf } from '../../api/message-of.ts';
import type { AddressInfo, Server } from 'node:net';
import type { ListenOn } from '../settings.ts';
import { ListenError } from './responder-errors.ts';

/**
 * Resolves to where it listens. Later errors (too many open files, say) are told to `onError` and end nothing.
 * @param setting names the flag in messages: `--acme-http01-listen`
 * @param elsewhere what to do when another program listens there
 * @throws ListenError
 */
export async function bind(
  server: Server,
  setting: string,
  { host, port }: ListenOn,
  onError: (error: Error) => void,
  elsewhere: string,
): Promise<AddressInfo> {
  const everywhere = host === '' || host === '*';
  const wanted = everywhere ? '::' : host;
  try {
    await attempt(server, wanted, port).catch((error: unknown) => {
      // A machine where IPv6 is switched off has 0.0.0.0 alone.
      if (wanted !== '::' || !['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(codeOf(error))) throw error;
      return attempt(server, '0.0.0.0', port);
    });
  } catch (error) {
    const shown = everywhere ? `:${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`;
    throw new ListenError(`${setting} ${shown}: ${remedyFor(error, port, elsewhere)}`, codeOf(error), error);
  }
  server.on('error', onError);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
  return address;
}

function attempt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function remedyFor(error: unknown, port: number, elsewhere: string): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `another program listens there: ${elsewhere}`;
    case 'EACCES':
      return `ports below 1024 need a right that this process lacks: give it CAP_NET_BIND_SERVICE (AmbientCapabilities= in a systemd unit, or setcap cap_net_bind_service=+ep on the node executable), or name a port above 1023 and let a reverse proxy pass port ${port} on to it`;
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address: name one of its own, or leave the host out for all of them';
    default:
      return messageOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
