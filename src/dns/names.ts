/** Domain names as text: absolute, lower-case, bounded (RFC 1035 §2.3.4). */
import { DomainNameError } from './errors.ts';

/** Of text without the final dot: 255 octets on the wire (RFC 1035 §3.1). */
const longestName = 253;
const longestLabel = 63;

/**
 * The name with a final dot, in lower case. Letters, digits, `-`, `_` and `*` are all that occurs where we write or ask;
 * an internationalised name is given in A-labels (RFC 5890). Rejects anything else, so that no text of a user can
 * become two labels, an escape or a path.
 */
export function absoluteName(text: string): string {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '') {
    if (text === '.') return '.';
    throw new DomainNameError('a domain name is empty');
  }
  if (name.length > longestName)
    throw new DomainNameError(`a domain name has ${name.length} characters; at most ${longestName} fit`);
  for (const label of name.split('.')) {
    if (label === '') throw new DomainNameError(`the domain name "${name}" has an empty label`);
    if (label.length > longestLabel)
      throw new DomainNameError(
        `a label of "${name}" has ${label.length} characters; at most ${longestLabel} fit`,
      );
    if (!/^[a-z0-9_*-]+$/i.test(label))
      throw new DomainNameError(
        `the domain name ${JSON.stringify(name)} has characters that no host name has; internationalised names are written as A-labels (xn--…)`,
      );
  }
  return `${name.toLowerCase()}.`;
}

/** The name one label up; undefined for the root. */
export function parentName(name: string): string | undefined {
  if (name === '.') return undefined;
  const rest = name.slice(name.indexOf('.') + 1);
  return rest === '' ? '.' : rest;
}

/** Whether `name` is `zone` or below it; both absolute. */
export function isWithin(name: string, zone: string): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`);
}

/** Wire form without compression (RFC 1035 §3.1), lower-case, which is also the canonical form of RFC 8945 §4.3.3. */
export function encodeName(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const label of name.split('.')) {
    if (label === '') continue;
    // Longer ones would be read as pointers and as something else altogether: names of messages come here, too.
    if (label.length > longestLabel)
      throw new DomainNameError('a label has more bytes than its length can say');
    parts.push(Buffer.from([label.length]), Buffer.from(label.toLowerCase(), 'latin1'));
  }
  parts.push(Buffer.from([0]));
  return Buffer.concat(parts);
}
