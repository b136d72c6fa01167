/**
 * Remembers at which names the record of a Challenge was written, where a CNAME led there. The peer follows the CNAME again
 * at clean-up and leaves the record behind when it has changed meanwhile (acme.md §10.2). Kept on the Challenge, so
 * that it outlives the process, and written before the record is.
 */
import { dns01WrittenNames } from '../../api/annotations.ts';
import type { Challenge } from '../../api/challenge.ts';
import { challenges } from '../../api/resources.ts';
import { DnsError } from '../../dns/errors.ts';
import { absoluteName } from '../../dns/names.ts';
import type { KubeClient } from '../../kube/client.ts';

/** A CNAME that changes more often than this during one Challenge belongs to somebody who plays with us. */
const mostNames = 8;
const fieldManager = 'cert-manager-challenges';

/** Names that the annotation holds. What cannot be a name is not there: users can write it. */
export function writtenNamesOf({ metadata }: Challenge): string[] {
  const text = metadata?.annotations?.[dns01WrittenNames] ?? '';
  const names = new Set<string>();
  for (const part of text.slice(0, mostNames * 256).split(',')) {
    const name = nameOrNothing(part.trim());
    if (name !== undefined) names.add(name);
  }
  return [...names].slice(0, mostNames);
}

/** Resolves when the Challenge says that something may be at that name. */
export async function rememberName(client: KubeClient, challenge: Challenge, fqdn: string): Promise<void> {
  if (writtenNamesOf(challenge).includes(fqdn)) return;
  const { name = '', namespace = '' } = challenge.metadata ?? {};
  // The Challenge at hand may be from a cache; a list that is built on it would lose what was added since.
  const current = await client.get<Challenge>(challenges, { namespace, name });
  const names = writtenNamesOf(current);
  if (names.includes(fqdn)) return;
  const annotations = { [dns01WrittenNames]: [...names, fqdn].slice(-mostNames).join(',') };
  await client.patch(
    challenges,
    { namespace, name },
    'merge',
    { metadata: { annotations, resourceVersion: current.metadata?.resourceVersion } },
    { fieldManager },
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
