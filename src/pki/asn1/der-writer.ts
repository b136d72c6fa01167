/** DER encoders: small functions that return complete elements, nested by passing one to the other (X.690 §10). */
import { isIa5, isPrintable } from './der-strings.ts';
import { encodeOid } from './oid.ts';
import { contextConstructed, tags } from './tags.ts';
import { NameError } from '../errors.ts';

function headerLength(length: number): number {
  if (length < 0x80) return 2;
  if (length < 0x100) return 3;
  if (length < 0x10000) return 4;
  return length < 0x1000000 ? 5 : 6;
}

/** Writes tag and length; returns where the value starts. */
function writeHeader(out: Buffer, tag: number, length: number): number {
  out[0] = tag;
  if (length < 0x80) {
    out[1] = length;
    return 2;
  }
  const count = headerLength(length) - 2;
  out[1] = 0x80 | count;
  out.writeUIntBE(length, 2, count);
  return 2 + count;
}

/** An element with the given content octets. */
export function element(tag: number, content: Uint8Array): Buffer {
  const length = content.length;
  const out = Buffer.allocUnsafe(headerLength(length) + length);
  out.set(content, writeHeader(out, tag, length));
  return out;
}

/** A constructed element around complete elements; undefined ones are left out. */
export function constructed(tag: number, children: readonly (Uint8Array | undefined)[]): Buffer {
  let length = 0;
  for (const child of children) if (child !== undefined) length += child.length;
  const out = Buffer.allocUnsafe(headerLength(length) + length);
  let at = writeHeader(out, tag, length);
  for (const child of children) {
    if (child === undefined) continue;
    out.set(child, at);
    at += child.length;
  }
  return out;
}

export function sequence(...children: (Uint8Array | undefined)[]): Buffer {
  return constructed(tags.sequence, children);
}

/** A SET OF: the elements are put in the order that X.690 §11.6 asks for. */
export function setOf(children: readonly Uint8Array[]): Buffer {
  return constructed(
    tags.set,
    children.length < 2 ? children : [...children].sort((a, b) => Buffer.compare(a, b)),
  );
}

/** `[number] EXPLICIT`. */
export function explicit(number: number, child: Uint8Array): Buffer {
  return element(contextConstructed(number), child);
}

export function boolean(value: boolean): Buffer {
  return Buffer.from([tags.boolean, 1, value ? 0xff : 0]);
}

/** An INTEGER from an unsigned big-endian magnitude of any length. */
export function unsignedInteger(magnitude: Uint8Array): Buffer {
  let from = 0;
  while (from < magnitude.length - 1 && magnitude[from] === 0) from++;
  const digits = magnitude.subarray(from);
  const pad = digits.length === 0 || (digits[0] ?? 0) >= 0x80 ? 1 : 0;
  const length = digits.length + pad;
  const out = Buffer.allocUnsafe(headerLength(length) + length);
  const at = writeHeader(out, tags.integer, length);
  if (pad === 1) out[at] = 0;
  out.set(digits, at + pad);
  return out;
}

/** An INTEGER from a number between 0 and 2^31 - 1. */
export function smallInteger(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return unsignedInteger(bytes);
}

export function objectIdentifier(dotted: string): Buffer {
  return element(tags.oid, encodeOid(dotted));
}

export function nullValue(): Buffer {
  return Buffer.from([tags.null, 0]);
}

export function octetString(content: Uint8Array): Buffer {
  return element(tags.octetString, content);
}

/** A BIT STRING; the caller has cleared the unused bits. */
export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  const length = content.length + 1;
  const out = Buffer.allocUnsafe(headerLength(length) + length);
  const at = writeHeader(out, tags.bitString, length);
  out[at] = unusedBits;
  out.set(content, at + 1);
  return out;
}

/** A named bit list: bit 0 of `mask` is the first bit, trailing zero bits are dropped (X.690 §11.2.2). */
export function namedBits(mask: number): Buffer {
  if (mask === 0) return bitString(Buffer.alloc(0));
  const highest = 31 - Math.clz32(mask);
  const bytes = Buffer.alloc((highest >> 3) + 1);
  for (let bit = 0; bit <= highest; bit++) {
    if (mask & (1 << bit)) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return bitString(bytes, 7 - (highest & 7));
}

export function utf8String(text: string): Buffer {
  return element(tags.utf8String, Buffer.from(text, 'utf8'));
}

/** ASCII text under any tag (IA5String itself, or an implicit tag over it). */
export function ia5String(text: string, tag: number = tags.ia5String): Buffer {
  if (!isIa5(text)) throw new NameError(`"${text.slice(0, 64)}" has characters outside ASCII`, text);
  return element(tag, Buffer.from(text, 'latin1'));
}

/** PrintableString when the text allows it, else UTF8String (api.md §7). Lone surrogates are refused. */
export function directoryString(text: string): Buffer {
  if (isPrintable(text)) return element(tags.printableString, Buffer.from(text, 'latin1'));
  if (!text.isWellFormed()) throw new NameError('A name value is not valid Unicode', text);
  return utf8String(text);
}
