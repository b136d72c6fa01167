/** `spec.literalSubject`: a distinguished name in RFC 4514 text, with the attribute types of api.md §7. */
import { DerReader } from '../asn1/der-reader.ts';
import { NameError, PkiError } from '../errors.ts';
import { attributeTypeOf, type Name, type NameAttribute } from './name.ts';
import { oids } from '../asn1/oids.ts';

/** Far beyond any subject in use, far below what costs time. */
const maxLength = 8192;

/** An attribute type that is neither a known keyword nor a dotted OID. */
export class UnknownAttributeError extends NameError {
  readonly keyword: string;

  constructor(keyword: string, value: string) {
    super(`The literal subject has the unknown attribute type "${keyword.slice(0, 64)}"`, value);
    this.keyword = keyword;
  }
}

/**
 * Parses the text into RDNs in encoding order, which is the reverse of the written one.
 * @throws NameError for text that is not RFC 4514, UnknownAttributeError for an unknown keyword
 */
export function parseLiteralSubject(text: string): Name {
  if (text.length > maxLength)
    throw new NameError(`The literal subject is longer than ${maxLength} characters`, text);
  if (!text.isWellFormed()) throw new NameError('The literal subject is not valid Unicode', text);
  const name: NameAttribute[][] = [];
  let rdn: NameAttribute[] = [];
  const scanner = new Scanner(text);
  if (text.trim() === '') return [];
  for (;;) {
    const keyword = scanner.keyword();
    const value = scanner.value();
    const type = attributeTypeOf(keyword);
    if (type === undefined) throw new UnknownAttributeError(keyword, value.text);
    rdn.push(
      value.der === undefined ? { type, value: value.text } : { type, value: value.text, der: value.der },
    );
    const separator = scanner.separator();
    if (separator === '+') continue;
    name.push(rdn);
    rdn = [];
    if (separator === '') return name.reverse();
  }
}

/** The first common name in encoding order; the one that the CSR code uses (api.md §7). */
export function commonNameOf(name: Name): string | undefined {
  return name.flat().find((attribute) => attribute.type === oids.commonName)?.value;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #fail(what: string): NameError {
    return new NameError(
      `The literal subject is not a distinguished name: ${what} at character ${this.#at + 1}`,
      this.#text,
    );
  }

  keyword(): string {
    const equals = this.#text.indexOf('=', this.#at);
    if (equals < 0) throw this.#fail('an attribute has no "="');
    const keyword = this.#text.slice(this.#at, equals).trim();
    if (!/^[A-Za-z0-9.-]+$/.test(keyword)) throw this.#fail('an attribute type is missing or malformed');
    this.#at = equals + 1;
    return keyword;
  }

  value(): { text: string; der?: Buffer } {
    while (this.#text[this.#at] === ' ') this.#at++;
    if (this.#text[this.#at] === '#') return this.#hexValue();
    const bytes: Buffer[] = [];
    // Index behind the last character that is not an unescaped space: trailing spaces do not count (RFC 4514 §2.4).
    let kept = 0;
    for (;;) {
      const character = this.#next();
      if (character === undefined || character === ',' || character === '+' || character === ';') break;
      if (character === '\\') {
        bytes.push(this.#escape());
        kept = bytes.length;
        continue;
      }
      if (character === '"' || character === '<' || character === '>' || character === '\0') {
        throw this.#fail(`the character ${JSON.stringify(character)} must be escaped`);
      }
      bytes.push(Buffer.from(character));
      this.#at += character.length;
      if (character !== ' ') kept = bytes.length;
    }
    const content = Buffer.concat(bytes.slice(0, kept));
    const text = content.toString('utf8');
    // Hex pairs spell UTF-8; anything else would change silently on the way.
    if (!Buffer.from(text).equals(content)) throw this.#fail('escaped bytes are not UTF-8');
    return { text };
  }

  /** The next whole character, surrogate pairs together. */
  #next(): string | undefined {
    const point = this.#text.codePointAt(this.#at);
    return point === undefined ? undefined : String.fromCodePoint(point);
  }

  #escape(): Buffer {
    const rest = this.#text.slice(this.#at + 1, this.#at + 3);
    if (/^[0-9A-Fa-f]{2}$/.test(rest)) {
      this.#at += 3;
      return Buffer.from(rest, 'hex');
    }
    const character = rest[0];
    if (character === undefined || !' "#+,;<=>\\'.includes(character))
      throw this.#fail('a backslash escapes nothing');
    this.#at += 2;
    return Buffer.from(character);
  }

  #hexValue(): { text: string; der: Buffer } {
    const match = /^#((?:[0-9A-Fa-f]{2})+) *(?=[,+;]|$)/.exec(this.#text.slice(this.#at));
    if (match === null) throw this.#fail('a "#" value is not pairs of hex digits');
    const der = Buffer.from(match[1] ?? '', 'hex');
    try {
      const reader = DerReader.over(der);
      const text = reader.string();
      reader.end();
      this.#at += match[0].length;
      return { text, der };
    } catch (cause) {
      if (!(cause instanceof PkiError)) throw cause;
      throw new NameError('A "#" value of the literal subject is not a DER string', this.#text, { cause });
    }
  }

  separator(): '' | ',' | '+' {
    const character = this.#text[this.#at];
    if (character === undefined) return '';
    this.#at++;
    return character === '+' ? '+' : ',';
  }
}
