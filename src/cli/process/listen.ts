/** Begins to listen: on every address family that the machine has, and with errors that say which setting is at fault. */
import type { Server } from 'node:net';
import { EnvironmentError } from '../errors.ts';
import type { Endpoint } from '../option-values.ts';

/** Every address of a machine with IPv6, and of one where it is switched off. */
const everywhere = { both: '::', old: '0.0.0.0' };

/**
 * Resolves when the server listens. Afterwards a connection that could not be accepted (too many open files, say) is
 * told to `onError` and ends nothing.
 * @param setting names the setting in messages
 * @throws EnvironmentError when the address is taken or not ours
 */
export async function listen(
  server: Pick<Server, 'listen' | 'on' | 'once' | 'off'>,
  setting: string,
  { host, port }: Endpoint,
  onError: (error: Error) => void,
): Promise<void> {
  try {
    await attempt(server, { host, port }).catch((error: unknown) => {
      if (host !== everywhere.both || !isWithoutIPv6(error)) throw error;
      return attempt(server, { host: everywhere.old, port });
    });
  } catch (error) {
    const reason = !(error instanceof Error)
      ? String(error)
      : codeOf(error) === 'EADDRINUSE'
        ? 'it is taken: choose another address, 0 for none, or stop what listens there'
        : error.message;
    const shown = host.includes(':') ? `[${host}]` : host;
    throw new EnvironmentError('cli/listen', `${setting} ${shown}:${port}: ${reason}`, error);
  }
  server.on('error', onError);
}

function attempt(server: Pick<Server, 'listen' | 'once' | 'off'>, address: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isWithoutIPv6(error: unknown): boolean {
  return ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
