/** Names that we give to objects (lifecycle §25) and the copied-annotation filter (§11). */
import { createHash } from 'node:crypto';

/** Longest Certificate name that is used unchanged in a request's name. */
const longestPlainName = 233;
const prefixOfLongName = 168;

/** `<base>-<revision>`; two long names never collide because their hash is part of the base. */
export function requestName(certificateName: string, revision: number): string {
  if (certificateName.length <= longestPlainName) return `${certificateName}-${revision}`;
  const hash = createHash('sha256').update(certificateName).digest('hex');
  return `${cutToAlphanumeric(certificateName, prefixOfLongName)}-${hash}-${revision}`;
}

/** The request that rehearses the one of this revision. */
export function canaryName(certificateName: string, revision: number): string {
  return `${requestName(certificateName, revision)}-canary`;
}

/** The generateName of next-private-key Secrets; the API server cuts the base itself. */
export function nextKeyGenerateName(certificateName: string): string {
  return `${certificateName}-`;
}

function cutToAlphanumeric(name: string, length: number): string {
  let end = Math.min(length, name.length);
  while (end > 0 && !/[A-Za-z0-9]/.test(name.charAt(end - 1))) end--;
  return name.slice(0, end);
}

/**
 * Annotations of a Certificate that reach its requests. Entries are processed in order; a leading `-` removes, and
 * with `*` anywhere in the list every positive entry adds all of them.
 */
export function copiedAnnotations(
  annotations: Readonly<Record<string, string>>,
  prefixes: readonly string[],
): Record<string, string> {
  const all = prefixes.includes('*');
  const copied = new Map<string, string>();
  for (const prefix of prefixes) {
    if (prefix.startsWith('-')) {
      for (const key of copied.keys()) if (key.startsWith(prefix.slice(1))) copied.delete(key);
      continue;
    }
    for (const [key, value] of Object.entries(annotations))
      if (all || key.startsWith(prefix)) copied.set(key, value);
  }
  return Object.fromEntries(copied);
}
