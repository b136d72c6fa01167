/** Runs moto for a test: AWS on a port of this machine. */

import { spawn } from 'node:child_process';

export interface Moto extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, all services. */
  readonly url: string;
}

/**
 * @param python of the virtual environment (`toolchain.ts`)
 * @param unchecked how many calls go through before moto checks signatures and policies; absent: it never does
 */
export async function startMoto(python: string, unchecked?: number): Promise<Moto> {
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...(unchecked !== undefined && { INITIAL_NO_AUTH_ACTION_COUNT: String(unchecked) }),
    },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      log = (log + chunk.toString()).slice(-20_000);
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/u.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`moto ended: ${log}`)));
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
