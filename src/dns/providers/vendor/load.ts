/** Brings the vendors' own credential packages in when the machine's credentials are asked for, and not before. */

import { DnsProviderError } from '../errors.ts';

/** Each is a file of its own beside the program (tools/build): who logs in with a Secret never loads one. */
const VENDORS = {
  aws: () => import('./aws.ts'),
  azure: () => import('./azure.ts'),
  google: () => import('./google.ts'),
} as const;

type Vendors = typeof VENDORS;

export async function vendorCredentials<Name extends keyof Vendors>(
  name: Name,
): Promise<Awaited<ReturnType<Vendors[Name]>>> {
  try {
    return (await VENDORS[name]()) as Awaited<ReturnType<Vendors[Name]>>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new DnsProviderError(
      'dns-provider/configuration',
      `cloud-credentials/${name}.js, which belongs beside certwright.js, is not there: it finds the credentials of this machine; copy the whole of dist/`,
    );
  }
}
