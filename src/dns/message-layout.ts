/** Where the parts of a DNS message lie (RFC 1035 §4.1): the bounds are checked here, before anything is decoded. */
import { MalformedMessageError } from './errors.ts';

/** No answer that we ask for is near that; a stranger's message must not cost more than this. */
const mostRecords = 512;
/** A name has at most 127 labels; each pointer has to go back, so more of them than labels is no honest name. */
const mostPointers = 127;
const headerLength = 12;

export interface RecordLayout {
  section: 'answer' | 'authority' | 'additional';
  /** Owner name as text, lower-case, with the final dot. */
  name: string;
  type: number;
  class: number;
  ttl: number;
  /** Offsets into the message: first byte of the owner, first byte of the data, byte after the data. */
  start: number;
  dataStart: number;
  end: number;
}

export interface MessageLayout {
  id: number;
  /** The 16 bits after the id. */
  flags: number;
  questions: readonly { name: string; type: number; class: number }[];
  records: readonly RecordLayout[];
}

/** Throws MalformedMessageError. Trailing bytes are malformed: what is signed and what is read must be the same. */
export function layoutOf(message: Buffer): MessageLayout {
  if (message.length < headerLength || message.length > 65_535)
    throw new MalformedMessageError(`a DNS message of ${message.length} bytes`);
  const counts = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset));
  const [questionCount = 0, ...recordCounts] = counts;
  if (questionCount > 1 || recordCounts.reduce((sum, count) => sum + count, 0) > mostRecords)
    throw new MalformedMessageError('a DNS message that announces more records than any answer has');
  let offset = headerLength;
  const questions: { name: string; type: number; class: number }[] = [];
  for (let index = 0; index < questionCount; index++) {
    const owner = readName(message, offset);
    need(message, owner.end, 4);
    questions.push({
      name: owner.name,
      type: message.readUInt16BE(owner.end),
      class: message.readUInt16BE(owner.end + 2),
    });
    offset = owner.end + 4;
  }
  const records: RecordLayout[] = [];
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let count = recordCounts[index] ?? 0; count > 0; count--) {
      const owner = readName(message, offset);
      need(message, owner.end, 10);
      const dataStart = owner.end + 10;
      const length = message.readUInt16BE(owner.end + 8);
      need(message, dataStart, length);
      records.push({
        section,
        name: owner.name,
        type: message.readUInt16BE(owner.end),
        class: message.readUInt16BE(owner.end + 2),
        ttl: message.readUInt32BE(owner.end + 4),
        start: offset,
        dataStart,
        end: dataStart + length,
      });
      offset = dataStart + length;
    }
  }
  if (offset !== message.length) throw new MalformedMessageError('a DNS message with bytes after its end');
  return { id: message.readUInt16BE(0), flags: message.readUInt16BE(2), questions, records };
}

/**
 * A name at an offset. Pointers must go back (RFC 1035 §4.1.4), so that no chain of them has a circle. Bytes that our
 * names never have, dots above all, come as `\ddd` (RFC 4343 §2.1), and so equal no name that we asked for.
 */
export function readName(message: Buffer, at: number): { name: string; end: number } {
  let offset = at;
  let lowest = at;
  let end = -1;
  let length = 1;
  let pointers = 0;
  const labels: string[] = [];
  for (;;) {
    need(message, offset, 1);
    const head = message.readUInt8(offset);
    if (head === 0) break;
    if ((head & 0xc0) === 0xc0) {
      need(message, offset, 2);
      const target = message.readUInt16BE(offset) & 0x3fff;
      if (end < 0) end = offset + 2;
      if (target >= lowest || target < headerLength || ++pointers > mostPointers)
        throw new MalformedMessageError('a name in a DNS message points at itself');
      lowest = target;
      offset = target;
      continue;
    }
    if ((head & 0xc0) !== 0)
      throw new MalformedMessageError('a name in a DNS message has an unknown label type');
    need(message, offset + 1, head);
    length += head + 1;
    if (length > 255) throw new MalformedMessageError('a name in a DNS message is longer than 255 bytes');
    labels.push(labelText(message.subarray(offset + 1, offset + 1 + head)));
    offset += 1 + head;
  }
  return { name: `${labels.join('.')}.`, end: end < 0 ? offset + 1 : end };
}

function labelText(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  }
  return text.toLowerCase();
}

function need(message: Buffer, offset: number, length: number): void {
  if (offset + length > message.length) throw new MalformedMessageError('a DNS message that ends too early');
}
