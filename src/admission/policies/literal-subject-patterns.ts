/** `spec.literalSubject` (RFC 4514) as regular expressions: whether it can be read, and what its common name is. */
import { attributeKeywords } from '../../pki/x509/name.ts';

const commonName = ['CN', '2\\.5\\.4\\.3'];
const others = attributeKeywords.filter((keyword) => keyword !== 'CN');
const dotted = '[0-2](?:\\.[0-9]+)+';

/** One character of a value as it counts: itself, an escaped one, or a pair of hex digits. */
const character = '(?:[^,+;\\\\"<>\\x00]|\\\\[0-9A-Fa-f]{2}|\\\\[ "#+,;<=>\\\\])';
const value = `${character}*`;
const typed = (types: readonly string[]) => `\\s*(?:${types.join('|')})\\s*=${value}`;
const any = typed([...others, ...commonName, dotted]);
const other = typed([...others, dotted]);

export const literalSubject = `^(?:\\s*|${any}(?:[,+;]${any})*)$`;
/** A common name that is not empty. */
export const hasCommonName = `^(?:${any}[,+;])*\\s*(?:${commonName.join('|')})\\s*= *(?:[^ ,+;]|\\\\.)`;
/** The first common name written has more characters than a name may have. */
export const longCommonName = (limit: number) =>
  `^(?:${other}[,+;])*\\s*(?:${commonName.join('|')})\\s*= *${character}{${limit + 1}}`;
