/**
 * Remembers at which names the record of a Challenge was written, where a CNAME led there. The peer follows the CNAME again
 * at clean-up and leaves the record behind when it has changed meanwhile (acme.md §10.2). Kept in the status of the
 * Challenge, so that it outlives the process, and written before the record is. Nowhere that users can write: a provider is
 * told to remove what is at these names, and some remove every TXT record there.
 */
import type { Challenge } from '../../api/challenge.ts';
import { challenges } from '../../api/resources.ts';
import { DnsError } from '../../dns/errors.ts';
import { absoluteName } from '../../dns/names.ts';
import type { KubeClient } from '../../kube/client.ts';

/** A CNAME that changes more often than this during one Challenge belongs to somebody who plays with us. */
const mostNames = 8;
const fieldManager = 'cert-manager-challenges';

/** Names that the status holds; what cannot be a name is not there. */
export function writtenNamesOf({ status }: Pick<Challenge, 'status'>): string[] {
  const names = new Set<string>();
  for (const text of status?.writtenNames?.slice(0, mostNames) ?? []) {
    const name = nameOrNothing(text);
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** Resolves when the Challenge says that something may be at that name. */
export async function rememberName(client: KubeClient, challenge: Challenge, fqdn: string): Promise<void> {
  if (writtenNamesOf(challenge).includes(fqdn)) return;
  const { name = '', namespace = '' } = challenge.metadata ?? {};
  // The Challenge at hand may be from a cache; a list that is built on it would lose what was added since.
  const current = await client.get<Challenge>(challenges, { namespace, name });
  const names = writtenNamesOf(current);
  if (names.includes(fqdn)) return;
  const writtenNames = [...names, fqdn].slice(-mostNames);
  await client.patch(
    challenges,
    { namespace, name },
    'merge',
    { metadata: { resourceVersion: current.metadata?.resourceVersion }, status: { writtenNames } },
    { fieldManager, subresource: 'status' },
  );
}

function nameOrNothing(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return absoluteName(text);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}
