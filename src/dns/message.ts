/** Queries and answers on the wire (RFC 1035 §4, RFC 6891). Why no library: docs/decisions/0014. */
import { MalformedMessageError } from './errors.ts';
import { layoutOf, readName, type RecordLayout } from './message-layout.ts';
import { encodeName } from './names.ts';
import type { DnsRecord, RecordType } from './resolver.ts';

/**
 * What we tell servers to send in one datagram. The peer says 4096; answers of that size come in fragments, which get
 * lost or forged (DNS flag day 2020). 1232 fits every path, and what does not fit is asked for again over TCP.
 */
export const udpPayloadSize = 1232;

const typeCodes: Readonly<Record<RecordType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  CAA: 257,
};
const classInternet = 1;
const typeOpt = 41;
const flagRecursionDesired = 1 << 8;
const flagTruncated = 1 << 9;
const flagAuthoritative = 1 << 10;
const flagResponse = 1 << 15;

export interface Question {
  id: number;
  name: string;
  type: RecordType;
}

/** What an answer says, without who said it. */
export interface DecodedAnswer {
  rcode: string;
  truncated: boolean;
  authoritative: boolean;
  answers: readonly DnsRecord[];
  authorities: readonly DnsRecord[];
}

export function encodeQuery(question: Question, recursionDesired: boolean): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(recursionDesired ? flagRecursionDesired : 0, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const asked = Buffer.alloc(4);
  asked.writeUInt16BE(typeCodes[question.type], 0);
  asked.writeUInt16BE(classInternet, 2);
  // RFC 6891 §6.1.2: root, type, payload size in the place of the class, extended rcode, version and flags, no options.
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(typeOpt, 1);
  opt.writeUInt16BE(udpPayloadSize, 3);
  return Buffer.concat([header, encodeName(question.name), asked, opt]);
}

/**
 * The answer to exactly this question. Undefined: a message that answers something else, which is what a forger sends;
 * whoever waits goes on waiting. Throws MalformedMessageError.
 */
export function decodeAnswer(message: Buffer, question: Question): DecodedAnswer | undefined {
  // Before everything else: what is not for us is not worth an error.
  if (message.length < 12 || message.readUInt16BE(0) !== question.id) return undefined;
  const layout = layoutOf(message);
  const opcode = (layout.flags >> 11) & 0xf;
  if ((layout.flags & flagResponse) === 0 || opcode !== 0) return undefined;
  const rcode = rcodeOf(layout.flags, layout.records);
  const [asked] = layout.questions;
  if (asked === undefined) {
    // Servers that could not read the question cannot repeat it.
    if (rcode === 'NOERROR' || rcode === 'NXDOMAIN') return undefined;
  } else if (
    asked.name !== question.name ||
    asked.type !== typeCodes[question.type] ||
    asked.class !== classInternet
  ) {
    return undefined;
  }
  return {
    rcode,
    truncated: (layout.flags & flagTruncated) !== 0,
    authoritative: (layout.flags & flagAuthoritative) !== 0,
    answers: recordsOf(message, layout.records, 'answer'),
    authorities: recordsOf(message, layout.records, 'authority'),
  };
}

const rcodes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];

/** The upper eight bits are in the OPT record (RFC 6891 §6.1.3). */
export function rcodeOf(flags: number, records: readonly RecordLayout[]): string {
  const opt = records.find(({ type, section }) => type === typeOpt && section === 'additional');
  const code = (flags & 0xf) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4);
  return rcodes[code] ?? `RCODE_${code}`;
}

function recordsOf(
  message: Buffer,
  records: readonly RecordLayout[],
  section: RecordLayout['section'],
): DnsRecord[] {
  return records
    .filter((record) => record.section === section && record.class === classInternet)
    .map((record) => decodeRecord(message, record));
}

/** The data of a record is read to its end and no further, whatever the lengths and pointers inside of it say. */
function decodeRecord(message: Buffer, record: RecordLayout): DnsRecord {
  const { name } = record;
  // RFC 2181 §8: a TTL with the highest bit set stands for zero.
  const ttl = record.ttl > 0x7fff_ffff ? 0 : record.ttl;
  const data = message.subarray(record.dataStart, record.end);
  switch (record.type) {
    case typeCodes.A:
    case typeCodes.AAAA: {
      const type = record.type === typeCodes.A ? 'A' : 'AAAA';
      if (data.length !== (type === 'A' ? 4 : 16))
        throw new MalformedMessageError(`an ${type} record of ${data.length} bytes`);
      return { type, name, ttl, address: type === 'A' ? [...data].join('.') : ipv6Text(data) };
    }
    case typeCodes.CNAME:
    case typeCodes.NS: {
      const target = readName(message, record.dataStart);
      if (target.end !== record.end) throw new MalformedMessageError('a record whose name does not fill it');
      return { type: record.type === typeCodes.NS ? 'NS' : 'CNAME', name, ttl, target: target.name };
    }
    case typeCodes.SOA: {
      const primary = readName(message, record.dataStart);
      const mailbox = readName(message, primary.end);
      if (mailbox.end + 20 !== record.end) throw new MalformedMessageError('an SOA record of a wrong length');
      return {
        type: 'SOA',
        name,
        ttl,
        primary: primary.name,
        serial: message.readUInt32BE(mailbox.end),
        minimum: message.readUInt32BE(mailbox.end + 16),
      };
    }
    case typeCodes.TXT:
      return { type: 'TXT', name, ttl, text: joinedText(data) };
    case typeCodes.CAA: {
      const tagLength = data.length < 2 ? 0 : data.readUInt8(1);
      if (tagLength === 0 || 2 + tagLength > data.length)
        throw new MalformedMessageError('a CAA record without a tag');
      return {
        type: 'CAA',
        name,
        ttl,
        critical: (data.readUInt8(0) & 0x80) !== 0,
        tag: data.toString('latin1', 2, 2 + tagLength).toLowerCase(),
        value: data.toString('latin1', 2 + tagLength),
      };
    }
    default:
      return { type: 'OTHER', name, ttl, code: `TYPE${record.type}` };
  }
}

function joinedText(data: Buffer): string {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < data.length;) {
    const end = offset + 1 + data.readUInt8(offset);
    if (end > data.length) throw new MalformedMessageError('a TXT record whose strings do not fill it');
    parts.push(data.subarray(offset + 1, end));
    offset = end;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The short form of RFC 5952 §4, which the URL parser writes. */
function ipv6Text(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
