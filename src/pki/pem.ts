/** PEM text (RFC 7468) to DER and back, in linear time and within size limits. */
import { PemError, TooLargeError } from './errors.ts';

/** Largest accepted PEM inputs in bytes (api.md §20). */
export interface PemLimits {
  /** One certificate or one CSR. */
  certificate: number;
  privateKey: number;
  /** A leaf with its intermediates. */
  chain: number;
  /** A bundle of roots. */
  bundle: number;
}

const limits: PemLimits = {
  certificate: 36_500,
  privateKey: 13_000,
  chain: 95_000,
  bundle: 330_000,
};

/** Where no other limit is asked for; what `limitPem` said, once it said something. */
export const defaultPemLimits: Readonly<PemLimits> = limits;

/**
 * For the whole process, before anything is parsed: an operator's word about hostile or huge input (`--max-certificate-size`
 * and its like), which no caller may forget to pass on. Nothing but the command line calls it.
 */
export function limitPem(changed: Readonly<PemLimits>): void {
  Object.assign(limits, changed);
}

export interface PemBlock {
  /** The text after BEGIN, such as `CERTIFICATE`. */
  label: string;
  der: Buffer;
  /** True when the block has RFC 1421 headers, as encrypted traditional keys do. */
  hasHeaders: boolean;
}

const begin = '-----BEGIN ';
const dashes = '-----';

/**
 * All blocks in order. Text before, between and after blocks is skipped (RFC 7468 §5.2); a damaged block is an error.
 * @throws TooLargeError beyond `maxBytes`, before anything is parsed
 * @throws PemError for a damaged block
 */
export function decodePem(input: string | Uint8Array, maxBytes: number): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const block of pemBlocks(input, maxBytes)) blocks.push(block);
  return blocks;
}

/** The first block; what follows it is not looked at. */
export function decodeFirstPem(input: string | Uint8Array, maxBytes: number): PemBlock {
  for (const block of pemBlocks(input, maxBytes)) return block;
  throw new PemError('No PEM block was found: expected a line that starts with -----BEGIN');
}

function* pemBlocks(input: string | Uint8Array, maxBytes: number): Generator<PemBlock> {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (size > maxBytes) throw new TooLargeError('PEM data', maxBytes, size);
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  let at = 0;
  // Each turn moves `at` past the text it has looked at, so the whole is linear however many BEGINs there are.
  for (;;) {
    const start = text.indexOf(begin, at);
    if (start < 0) return;
    if (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') {
      at = start + begin.length;
      continue;
    }
    const labelStart = start + begin.length;
    const lineEnd = endOfLine(text, labelStart);
    const line = text.slice(labelStart, lineEnd).trimEnd();
    if (!line.endsWith(dashes) || line.length > 96) throw new PemError('A PEM BEGIN line is damaged');
    const label = line.slice(0, -dashes.length);
    const bodyEnd = text.indexOf(dashes, lineEnd);
    const footer = `-----END ${label}-----`;
    if (bodyEnd < 0 || !text.startsWith(footer, bodyEnd)) {
      throw new PemError(`The PEM block "${label}" has no matching END line`);
    }
    yield decodeBlock(label, text.slice(lineEnd, bodyEnd));
    at = bodyEnd + footer.length;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function decodeBlock(label: string, body: string): PemBlock {
  let encoded = body;
  const hasHeaders = body.includes(':');
  if (hasHeaders) {
    // RFC 1421 headers end at the first empty line.
    const blank = /\r?\n[ \t]*\r?\n/.exec(body.trimStart());
    if (blank === null) throw new PemError(`The headers of the PEM block "${label}" have no end`);
    encoded = body.trimStart().slice(blank.index + blank[0].length);
  }
  const digits = encoded.replace(/[\r\n\t ]+/g, '');
  // Buffer.from skips what is not base64, so the alphabet is checked first. The class matches in one pass.
  if (digits.length === 0 || digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(digits)) {
    throw new PemError(`The PEM block "${label}" is not valid base64`);
  }
  return { label, der: Buffer.from(digits, 'base64'), hasHeaders };
}

/** One block with lines of 64 characters and a final newline. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  let text = `-----BEGIN ${label}-----\n`;
  for (let at = 0; at < base64.length; at += 64) text += `${base64.slice(at, at + 64)}\n`;
  return `${text}-----END ${label}-----\n`;
}
