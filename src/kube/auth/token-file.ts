/** A bearer token in a file that somebody else replaces, as kubelet does with projected service account tokens. */
import type { Clock } from '../clock.ts';
import { CredentialsError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Auth } from './auth.ts';

/** Kubelet replaces a token when 20 % of its life is left; a minute is early enough (client-go reads as often). */
const freshMs = 60_000;

export function tokenFile(path: string, host: Pick<Host, 'readFile'>, clock: Clock): Auth {
  let known: { token: string; readAt: number } | undefined;

  const read = async (): Promise<string> => {
    try {
      const token = (await host.readFile(path)).trim();
      if (token === '' || /[^\x21-\x7e]/.test(token)) throw new Error('the file holds no token');
      known = { token, readAt: clock.now() };
      return token;
    } catch (cause) {
      // While the file is being replaced the old token is still good.
      if (known !== undefined) return known.token;
      throw new CredentialsError(`the token file ${path} cannot be used`, { cause });
    }
  };
  return {
    async headers() {
      const age = known === undefined ? Infinity : Math.abs(clock.now() - known.readAt);
      const token = known !== undefined && age < freshMs ? known.token : await read();
      return { authorization: `Bearer ${token}` };
    },
    async refused() {
      const before = known?.token;
      return (await read()) !== before;
    },
  };
}
