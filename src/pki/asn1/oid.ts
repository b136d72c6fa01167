/** Object identifiers between dotted text and DER content octets (X.690 §8.19). */
import { DerError, NameError } from '../errors.ts';

/** Longest accepted encoding; real identifiers stay below 40 bytes. */
const maxOidBytes = 128;

/** Content octets of an OID. Arcs are unbounded integers (UUID arcs under 2.25 have 128 bits). */
export function encodeOid(dotted: string): Buffer {
  if (dotted.length > 512 || !/^[0-2](\.(0|[1-9][0-9]*))+$/.test(dotted)) {
    throw new NameError(`"${dotted.slice(0, 64)}" is not a dotted object identifier`, dotted);
  }
  const arcs = dotted.split('.').map(BigInt);
  const [first = 0n, second = 0n] = arcs;
  if (first < 2n && second > 39n) {
    throw new NameError(`The second arc of the object identifier ${dotted} must be at most 39`, dotted);
  }
  const bytes: number[] = [];
  for (const arc of [first * 40n + second, ...arcs.slice(2)]) pushBase128(bytes, arc);
  if (bytes.length > maxOidBytes) {
    throw new NameError(
      `The object identifier ${dotted.slice(0, 64)} is longer than ${maxOidBytes} bytes`,
      dotted,
    );
  }
  return Buffer.from(bytes);
}

function pushBase128(bytes: number[], arc: bigint): void {
  const at = bytes.length;
  let rest = arc;
  do {
    bytes.splice(at, 0, Number(rest & 0x7fn) | (bytes.length > at ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
}

/** Dotted text of OID content octets; `offset` is where they start, for errors. */
export function decodeOid(content: Uint8Array, offset: number): string {
  if (content.length === 0) throw new DerError('Empty object identifier', offset);
  if (content.length > maxOidBytes) throw new DerError('Object identifier too long', offset);
  const last = content[content.length - 1] ?? 0;
  if (last & 0x80) throw new DerError('Object identifier ends inside an arc', offset + content.length - 1);
  let text = '';
  let small = 0;
  let large: bigint | undefined;
  let fresh = true;
  for (let at = 0; at < content.length; at++) {
    const byte = content[at] ?? 0;
    if (fresh && byte === 0x80) throw new DerError('Object identifier arc with a leading zero', offset + at);
    fresh = (byte & 0x80) === 0;
    // Doubles are exact below 2^53; only then is the slower bigint needed.
    if (large === undefined && small < 2 ** 45) small = small * 128 + (byte & 0x7f);
    else large = (large ?? BigInt(small)) * 128n + BigInt(byte & 0x7f);
    if (!fresh) continue;
    text = text === '' ? firstArcs(small, large) : `${text}.${large ?? small}`;
    small = 0;
    large = undefined;
  }
  return text;
}

function firstArcs(small: number, large: bigint | undefined): string {
  if (large !== undefined) return `2.${large - 80n}`;
  return small < 80 ? `${Math.floor(small / 40)}.${small % 40}` : `2.${small - 80}`;
}
