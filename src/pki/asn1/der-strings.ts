/** The ASN.1 string types of names, decoded with their alphabets checked (X.680 §41, RFC 5280 appendix B). */
import { DerError } from '../errors.ts';
import { tags } from './tags.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The PrintableString alphabet: letters, digits, space and ' ( ) + , - . / : = ? */
const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** True when every character may stand in a PrintableString (api.md §7 decides PrintableString or UTF8String by it). */
export function isPrintable(text: string): boolean {
  return printable.test(text);
}

/** True when the text is IA5, that is: ASCII. */
export function isIa5(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

export function isStringTag(tag: number): boolean {
  return (
    tag === tags.utf8String ||
    tag === tags.printableString ||
    tag === tags.ia5String ||
    tag === tags.teletexString ||
    tag === tags.numericString ||
    tag === tags.visibleString ||
    tag === tags.bmpString ||
    tag === tags.universalString
  );
}

/** Text of string content octets. `offset` is where they start, for errors. */
export function decodeString(tag: number, content: Uint8Array, offset: number): string {
  switch (tag) {
    case tags.utf8String:
      try {
        return utf8.decode(content);
      } catch (cause) {
        throw new DerError('A UTF8String is not valid UTF-8', offset, { cause });
      }
    case tags.printableString: {
      const text = latin1(content);
      // Go and OpenSSL also let through * and & (and @ in old roots); certificates in use depend on it.
      if (!/^[A-Za-z0-9 '()+,\-./:=?*&@_]*$/.test(text)) {
        throw new DerError('A PrintableString has a character outside its alphabet', offset);
      }
      return text;
    }
    case tags.numericString: {
      const text = latin1(content);
      if (!/^[0-9 ]*$/.test(text)) throw new DerError('A NumericString has a non-digit', offset);
      return text;
    }
    case tags.ia5String:
    case tags.visibleString: {
      const text = latin1(content);
      if (!isIa5(text)) throw new DerError('An IA5String has a byte above 127', offset);
      return text;
    }
    case tags.teletexString:
      // T.61 is read as ISO 8859-1 by every implementation in use.
      return latin1(content);
    case tags.bmpString:
      return fixedWidth(content, 2, offset);
    case tags.universalString:
      return fixedWidth(content, 4, offset);
    default:
      throw new DerError(`Tag 0x${tag.toString(16)} is not a string type`, offset);
  }
}

function latin1(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
}

function fixedWidth(content: Uint8Array, width: 2 | 4, offset: number): string {
  if (content.length % width !== 0)
    throw new DerError(`A string is not a multiple of ${width} bytes`, offset);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const units: string[] = [];
  for (let at = 0; at < content.length; at += width) {
    const point = width === 2 ? view.getUint16(at) : view.getUint32(at);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw new DerError('A string has a code point that is no character', offset + at);
    }
    units.push(String.fromCodePoint(point));
  }
  return units.join('');
}
