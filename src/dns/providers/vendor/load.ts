/** Brings the vendors' own credential packages in when the machine's credentials are asked for, and not before. */

import { DnsProviderError } from '../errors.ts';
import { stableText } from '../stable-text.ts';

/**
 * Each is a file of its own beside the program (tools/build): who logs in with a Secret never loads one. They import
 * nothing of ours but types, for a class in two files would be two classes.
 */
const VENDORS = {
  aws: { title: 'AWS', load: () => import('./aws.ts') },
  azure: { title: 'Azure', load: () => import('./azure.ts') },
  google: { title: 'Google Cloud', load: () => import('./google.ts') },
} as const;

type Vendors = typeof VENDORS;
type Package<Name extends keyof Vendors> = Awaited<ReturnType<Vendors[Name]['load']>>;

/** What `ask` finds out from the vendor's package; whatever that throws says that this machine has no credentials. */
export async function ambientCredentials<Name extends keyof Vendors, T>(
  name: Name,
  ask: (vendor: Package<Name>) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const vendor = await load(name);
  try {
    return await ask(vendor);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DnsProviderError) throw error;
    // These messages name many things that were tried, and may change.
    const words = stableText(error instanceof Error ? error.message : String(error));
    throw new DnsProviderError(
      'dns-provider/credentials',
      `this machine has no ambient credentials for ${VENDORS[name].title} that work: ${words}`,
    );
  }
}

async function load<Name extends keyof Vendors>(name: Name): Promise<Package<Name>> {
  try {
    return (await VENDORS[name].load()) as Package<Name>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new DnsProviderError(
      'dns-provider/configuration',
      `cloud-credentials/${name}.js, which finds the credentials of this machine, is not beside certwright.js: copy it from dist/ along with the program`,
    );
  }
}
