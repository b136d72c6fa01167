/** Failures of the vendors' packages as ours: their messages name many things that were tried, and may change. */

import { DnsProviderError } from '../errors.ts';
import { stableText } from '../stable-text.ts';

/** What `run` gives; what it throws says that this machine has no credentials. */
export async function orNoCredentials<T>(
  vendor: string,
  run: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DnsProviderError) throw error;
    const words = stableText(error instanceof Error ? error.message : String(error));
    throw new DnsProviderError(
      'dns-provider/credentials',
      `this machine has no ambient credentials for ${vendor} that work: ${words}`,
    );
  }
}
