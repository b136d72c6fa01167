/** Credentials from Secrets, refused where they could never work. */

import type { ProviderEnvironment } from '../provider.ts';
import { DnsProviderError } from './errors.ts';

export interface SecretReference {
  name: string;
  key?: string;
}

/**
 * The entry of a Secret. White space around it is dropped: nearly always it is the newline of `echo`.
 * @param what for the message, such as `DigitalOcean API token`
 */
export async function credential(
  environment: ProviderEnvironment,
  reference: SecretReference,
  what: string,
): Promise<string> {
  const text = (await environment.secret(reference)).trim();
  if (text === '')
    throw new DnsProviderError(
      'dns-provider/credentials',
      `the ${what} in Secret ${reference.name}, entry ${reference.key ?? '(none named)'}, is empty`,
    );
  return sound(text, what);
}

/**
 * Text that can stand in a header: a control character there would be a second header, or an opaque error.
 * @param what its first word is the provider
 */
export function sound(text: string, what: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/u.test(text))
    throw new DnsProviderError(
      'dns-provider/credentials',
      `the ${what} is invalid (does the ${what.slice(what.indexOf(' ') + 1)} contain a newline?)`,
    );
  return text;
}
