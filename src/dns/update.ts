/** Dynamic updates of one TXT record (RFC 2136), signed or not. */
import { MalformedMessageError } from './errors.ts';
import { layoutOf } from './message-layout.ts';
import { rcodeOf } from './message.ts';
import { encodeName } from './names.ts';

export interface TxtUpdate {
  id: number;
  /** Absolute names; `fqdn` lies in `zone`. */
  zone: string;
  fqdn: string;
  value: string;
  /** `add`: the record is there afterwards. `remove`: this record is gone, others at the name stay. */
  action: 'add' | 'remove';
  /** Of an added record, in seconds. */
  ttl: number;
}

const opcodeUpdate = 5 << 11;
const typeSoa = 6;
const typeTxt = 16;
const classInternet = 1;
/** RFC 2136 §2.5.4: delete the record with exactly this data. */
const classNone = 254;
const longestString = 255;

/** No prerequisites: adding what is there and removing what is not are successes already (RFC 2136 §3.4.2). */
export function encodeUpdate(update: TxtUpdate): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(update.id, 0);
  header.writeUInt16BE(opcodeUpdate, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 8);
  const zoneTail = Buffer.alloc(4);
  zoneTail.writeUInt16BE(typeSoa, 0);
  zoneTail.writeUInt16BE(classInternet, 2);
  const data = encodeText(update.value);
  const recordTail = Buffer.alloc(10);
  recordTail.writeUInt16BE(typeTxt, 0);
  recordTail.writeUInt16BE(update.action === 'add' ? classInternet : classNone, 2);
  recordTail.writeUInt32BE(update.action === 'add' ? update.ttl : 0, 4);
  recordTail.writeUInt16BE(data.length, 8);
  return Buffer.concat([
    header,
    encodeName(update.zone),
    zoneTail,
    encodeName(update.fqdn),
    recordTail,
    data,
  ]);
}

/** Strings of at most 255 bytes each (RFC 1035 §3.3.14). */
function encodeText(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const parts: Buffer[] = [];
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += longestString) {
    const part = bytes.subarray(offset, offset + longestString);
    parts.push(Buffer.from([part.length]), part);
  }
  return Buffer.concat(parts);
}

export interface UpdateAnswer {
  rcode: string;
  truncated: boolean;
}

/** Undefined: a message that answers something else. Throws MalformedMessageError. The signature is looked at elsewhere. */
export function decodeUpdateAnswer(message: Buffer, id: number): UpdateAnswer | undefined {
  if (message.length < 12) throw new MalformedMessageError(`a DNS message of ${message.length} bytes`);
  if (message.readUInt16BE(0) !== id) return undefined;
  const { flags, records } = layoutOf(message);
  if ((flags & 0x8000) === 0 || (flags & 0x7800) !== opcodeUpdate) return undefined;
  return { rcode: rcodeOf(flags, records), truncated: (flags & 0x0200) !== 0 };
}
