/** A strict DER reader: a cursor over the elements of one constructed value (X.690 §10, §11). */
import { DerError, TooLargeError } from '../errors.ts';
import { decodeString, isStringTag } from './der-strings.ts';
import { decodeTime } from './der-time.ts';
import { decodeOid } from './oid.ts';
import { tags } from './tags.ts';

/** Deepest nesting that is followed. Certificates need 12; general names in name constraints a little more. */
const maxDepth = 32;

/** Default bound on a whole input, in bytes. */
const defaultMaxBytes = 1 << 20;

export interface BitString {
  /** Unused bits of the last byte, 0-7; they are zero. */
  unusedBits: number;
  bytes: Buffer;
}

/**
 * Reads elements one after another. Every method that reads throws a {@link DerError} with the byte's offset when the
 * next element is not what it asks for, has an indefinite or non-minimal length, or runs past its parent.
 * Returned buffers are views on the input, not copies.
 */
export class DerReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #depth: number;
  readonly #base: number;
  #at: number;
  // Filled by #header for the element at #at.
  #valueStart = 0;
  #valueEnd = 0;

  private constructor(bytes: Buffer, at: number, end: number, depth: number, base: number) {
    if (depth > maxDepth) throw new DerError(`Nested deeper than ${maxDepth} levels`, base + at);
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#depth = depth;
    this.#base = base;
  }

  /**
   * Starts at the outermost level. `base` shifts the offsets in errors, for bytes that were cut out of larger ones.
   * @throws TooLargeError beyond `maxBytes` (default 1 MiB)
   */
  static over(bytes: Uint8Array, options: { maxBytes?: number; base?: number } = {}): DerReader {
    const limit = options.maxBytes ?? defaultMaxBytes;
    if (bytes.length > limit) throw new TooLargeError('DER input', limit, bytes.length);
    const view = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new DerReader(view, 0, view.length, 0, options.base ?? 0);
  }

  /** Offset of the next element, as errors count it. */
  get offset(): number {
    return this.#base + this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The next element's tag, or -1 at the end. */
  peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? -1) : -1;
  }

  /** Checks the header at the cursor and notes where its value lies. Returns the tag. */
  #header(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at + 2 > this.#end) throw new DerError('Ends inside an element', this.offset);
    const tag = bytes[at++] ?? 0;
    if ((tag & 0x1f) === 0x1f) throw new DerError('Tag numbers above 30 are not used in X.509', this.offset);
    let length = bytes[at++] ?? 0;
    if (length === 0x80) throw new DerError('Indefinite length is BER, not DER', this.offset);
    if (length > 0x80) {
      const count = length & 0x7f;
      if (count > 4) throw new DerError('Length of more than 4 bytes', this.offset);
      if (at + count > this.#end) throw new DerError('Ends inside a length', this.offset);
      length = bytes.readUIntBE(at, count);
      at += count;
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) {
        throw new DerError('Length is not in its shortest form', this.offset);
      }
    }
    if (length > this.#end - at) throw new DerError('Element runs past its parent', this.offset);
    this.#valueStart = at;
    this.#valueEnd = at + length;
    return tag;
  }

  /** Moves past an element of the given tag and leaves its bounds in #valueStart and #valueEnd. */
  #expect(tag: number): void {
    if (this.#at >= this.#end)
      throw new DerError(`Expected tag 0x${tag.toString(16)}, found the end`, this.offset);
    const found = this.#header();
    if (found !== tag) {
      throw new DerError(`Expected tag 0x${tag.toString(16)}, found 0x${found.toString(16)}`, this.offset);
    }
    this.#at = this.#valueEnd;
  }

  /** Enters a constructed element. The caller ends it with {@link end}. */
  enter(tag: number): DerReader {
    this.#expect(tag);
    return new DerReader(this.#bytes, this.#valueStart, this.#valueEnd, this.#depth + 1, this.#base);
  }

  sequence(): DerReader {
    return this.enter(tags.sequence);
  }

  set(): DerReader {
    return this.enter(tags.set);
  }

  /** Enters the element if it is next. */
  optional(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.enter(tag) : undefined;
  }

  /** Content octets of an element of that tag. */
  value(tag: number): Buffer {
    this.#expect(tag);
    return this.#bytes.subarray(this.#valueStart, this.#valueEnd);
  }

  /** The whole next element, header included, whatever it is. Its inside is not looked at. */
  raw(): Buffer {
    const start = this.#at;
    this.#header();
    this.#at = this.#valueEnd;
    return this.#bytes.subarray(start, this.#valueEnd);
  }

  /** As {@link raw}, for an element of that tag. */
  rawOf(tag: number): Buffer {
    const start = this.#at;
    this.#expect(tag);
    return this.#bytes.subarray(start, this.#valueEnd);
  }

  boolean(): boolean {
    const start = this.offset;
    const value = this.value(tags.boolean);
    const byte = value[0] ?? 1;
    if (value.length !== 1 || (byte !== 0 && byte !== 0xff))
      throw new DerError('A BOOLEAN must be 00 or FF', start);
    return byte === 0xff;
  }

  /** A BOOLEAN DEFAULT FALSE: absent means false, and an encoded FALSE is not DER (X.690 §11.5). */
  flag(): boolean {
    const start = this.offset;
    if (this.peek() !== tags.boolean) return false;
    if (!this.boolean()) throw new DerError('A default value (FALSE) must be left out', start);
    return true;
  }

  /** Two's complement content octets of an INTEGER, in shortest form. */
  integerBytes(tag: number = tags.integer): Buffer {
    const start = this.offset;
    const value = this.value(tag);
    const first = value[0];
    if (first === undefined) throw new DerError('Empty INTEGER', start);
    const second = value[1];
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new DerError('INTEGER is not in its shortest form', start);
    }
    return value;
  }

  /** A non-negative INTEGER of at most `maxBytes` magnitude bytes. */
  bigInteger(maxBytes: number): bigint {
    const start = this.offset;
    const value = this.integerBytes();
    if ((value[0] ?? 0) >= 0x80) throw new DerError('INTEGER must not be negative', start);
    if (value.length > maxBytes + 1) throw new DerError(`INTEGER is longer than ${maxBytes} bytes`, start);
    return BigInt(`0x${value.toString('hex')}`);
  }

  /** A non-negative INTEGER up to `max` (below 2^31). */
  smallInteger(max: number): number {
    const start = this.offset;
    const value = this.integerBytes();
    if ((value[0] ?? 0) >= 0x80) throw new DerError('INTEGER must not be negative', start);
    const number = value.length > 4 ? Infinity : value.readUIntBE(0, value.length);
    if (number > max) throw new DerError(`INTEGER must be at most ${max}`, start);
    return number;
  }

  oid(): string {
    const value = this.value(tags.oid);
    return decodeOid(value, this.#base + this.#valueStart);
  }

  null(): void {
    const start = this.offset;
    if (this.value(tags.null).length > 0) throw new DerError('A NULL must be empty', start);
  }

  octetString(): Buffer {
    return this.value(tags.octetString);
  }

  bitString(tag: number = tags.bitString): BitString {
    const start = this.offset;
    const value = this.value(tag);
    const unusedBits = value[0];
    if (unusedBits === undefined || unusedBits > 7)
      throw new DerError('BIT STRING without a valid first byte', start);
    const last = value[value.length - 1] ?? 0;
    if (value.length === 1 ? unusedBits !== 0 : (last & ((1 << unusedBits) - 1)) !== 0) {
      throw new DerError('Unused bits of a BIT STRING must be zero', start);
    }
    return { unusedBits, bytes: value.subarray(1) };
  }

  /** A string of any of the types that names use. */
  string(): string {
    const tag = this.peek();
    if (!isStringTag(tag)) throw new DerError('Expected a character string', this.offset);
    const value = this.value(tag);
    return decodeString(tag, value, this.#base + this.#valueStart);
  }

  /** A UTCTime or GeneralizedTime, in milliseconds since 1970. */
  time(): number {
    const tag = this.peek();
    if (tag !== tags.utcTime && tag !== tags.generalizedTime)
      throw new DerError('Expected a time', this.offset);
    const value = this.value(tag);
    return decodeTime(tag, value, this.#base + this.#valueStart);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at < this.#end) throw new DerError('Trailing bytes', this.offset);
  }
}

/** Reads `bytes` as exactly one SEQUENCE. */
export function readSequence<T>(bytes: Uint8Array, read: (reader: DerReader) => T, base = 0): T {
  const outer = DerReader.over(bytes, { base });
  const inner = outer.sequence();
  outer.end();
  const result = read(inner);
  inner.end();
  return result;
}
