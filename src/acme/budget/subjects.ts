/** For whom an order counts: the account, each registered domain, the exact set of names, each name. */
import { createHash } from 'node:crypto';
import type { AcmeIdentifier } from '../acme-client.ts';
import type { Subject } from './ca-limits.ts';

/** One name for a set, whatever its order and case: the names themselves when few, else the first and a fingerprint. */
export function setName(identifiers: readonly AcmeIdentifier[]): string {
  const names = [...new Set(identifiers.map(({ value }) => value.toLowerCase()))].toSorted();
  const text = names.join(',');
  if (text.length <= 100) return text;
  return `${names[0]?.slice(0, 60)},+${names.length - 1},${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

export function subjectsOf(
  per: Subject,
  order: { directory: string; account: string },
  identifiers: readonly AcmeIdentifier[],
  domain: (name: string) => string,
): string[] {
  switch (per) {
    case 'account':
      return [order.account];
    case 'directory':
      return [order.directory];
    case 'exact-set':
      return [setName(identifiers)];
    case 'registered-domain':
      return [...new Set(identifiers.map(({ value }) => domain(value)))];
    default:
      // A wildcard is authorized by its parent's name.
      return [
        ...new Set(
          identifiers.map(({ value }) => `${order.account} ${value.toLowerCase().replace(/^\*\./u, '')}`),
        ),
      ];
  }
}
