/** Signatures of single messages with a shared key (TSIG, RFC 8945). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DnsConfigurationError, MalformedMessageError, TsigError } from './errors.ts';
import { layoutOf, readName, type RecordLayout } from './message-layout.ts';
import { absoluteName, encodeName } from './names.ts';

/** RFC 8945 §6, in the words of cert-manager's `tsigAlgorithm`; SHA224 and SHA384 are ours. */
export const tsigAlgorithms = {
  HMACMD5: { name: 'hmac-md5.sig-alg.reg.int.', hash: 'md5' },
  HMACSHA1: { name: 'hmac-sha1.', hash: 'sha1' },
  HMACSHA224: { name: 'hmac-sha224.', hash: 'sha224' },
  HMACSHA256: { name: 'hmac-sha256.', hash: 'sha256' },
  HMACSHA384: { name: 'hmac-sha384.', hash: 'sha384' },
  HMACSHA512: { name: 'hmac-sha512.', hash: 'sha512' },
} as const;

export type TsigAlgorithm = keyof typeof tsigAlgorithms;

export interface TsigKey {
  /** As the server names it. */
  name: string;
  algorithm: TsigAlgorithm;
  /** The key itself, not its base64 text. */
  secret: Uint8Array;
}

/** Case does not matter, nor does a dash: `hmac-sha256` is what server configurations say. */
export function tsigAlgorithmOf(text: string): TsigAlgorithm {
  const word = text.replaceAll('-', '').toUpperCase();
  if (Object.hasOwn(tsigAlgorithms, word)) return word as TsigAlgorithm;
  throw new DnsConfigurationError(
    `the TSIG algorithm ${JSON.stringify(text.slice(0, 60))} is none of ${Object.keys(tsigAlgorithms).join(', ')}`,
  );
}

const typeTsig = 250;
const classAny = 255;
/** How far clocks may be apart, in seconds (RFC 8945 §10). */
const fudgeSeconds = 300;
/** RFC 8945 §5.2: codes in the error field of the record. */
const errorWords: Readonly<Record<number, string>> = {
  16: 'BADSIG',
  17: 'BADKEY',
  18: 'BADTIME',
  22: 'BADTRUNC',
};

export interface SignedMessage {
  bytes: Buffer;
  /** Goes into the signature of the answer. */
  mac: Buffer;
}

/** `now`: milliseconds since the epoch. */
export function signMessage(message: Buffer, key: TsigKey, now: number): SignedMessage {
  const name = encodeName(absoluteName(key.name));
  const timers = { time: Math.floor(now / 1000), fudge: fudgeSeconds };
  const algorithm = encodeName(tsigAlgorithms[key.algorithm].name);
  const mac = macOf(key, [
    message,
    variables(name, algorithm, { ...timers, error: 0, other: Buffer.alloc(0) }),
  ]);
  const fixed = Buffer.alloc(10);
  fixed.writeUIntBE(timers.time, 0, 6);
  fixed.writeUInt16BE(timers.fudge, 6);
  fixed.writeUInt16BE(mac.length, 8);
  const tail = Buffer.alloc(6);
  message.copy(tail, 0, 0, 2);
  const data = Buffer.concat([algorithm, fixed, mac, tail]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(typeTsig, 0);
  head.writeUInt16BE(classAny, 2);
  head.writeUInt16BE(data.length, 8);
  const bytes = Buffer.concat([message, name, head, data]);
  bytes.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { bytes, mac };
}

/**
 * Checks the signature of an answer to a message that was signed with the same key (RFC 8945 §5.3). Throws TsigError
 * with the word for what is wrong, or MalformedMessageError.
 */
export function verifyAnswer(message: Buffer, key: TsigKey, requestMac: Buffer, now: number): void {
  const { records } = layoutOf(message);
  const record = records.at(-1);
  const other = records.find(({ type }) => type === typeTsig);
  if (record === undefined || other === undefined)
    throw new TsigError('the answer of the server is not signed, so it may be anybody’s', 'MISSING');
  if (record !== other || record.section !== 'additional' || record.class !== classAny || record.ttl !== 0)
    throw new MalformedMessageError(
      'a DNS message whose signature is not its last record, or none as RFC 8945 §4.2 has it',
    );
  const tsig = readTsig(message, record);
  // RFC 8945 §5.3.2: these come without a signature, for the server has no key to sign with.
  const word = errorWords[tsig.error] ?? (tsig.error === 0 ? '' : `error ${tsig.error}`);
  if (tsig.mac.length === 0 && tsig.error !== 0)
    throw new TsigError(complaint(word, key, tsig.other, now), word);
  if (record.name !== absoluteName(key.name) || tsig.algorithm !== tsigAlgorithms[key.algorithm].name)
    throw new TsigError('the answer of the server is signed with another key or algorithm', 'BADKEY');
  const bare = Buffer.from(message.subarray(0, record.start));
  bare.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
  bare.writeUInt16BE(tsig.originalId, 0);
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(requestMac.length);
  const expected = macOf(key, [
    prefix,
    requestMac,
    bare,
    variables(encodeName(record.name), encodeName(tsig.algorithm), tsig),
  ]);
  // Shortened signatures (RFC 8945 §5.2.2.1) are nothing that we ask for.
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected))
    throw new TsigError('the signature of the answer of the server does not hold', 'BADSIG');
  if (tsig.error !== 0) throw new TsigError(complaint(word, key, tsig.other, now), word, { signed: true });
  if (Math.abs(Math.floor(now / 1000) - tsig.time) > Math.min(tsig.fudge, fudgeSeconds))
    throw new TsigError(
      'the answer of the server was signed at another time: one of the two clocks is wrong',
      'BADTIME',
    );
}

interface TsigData {
  algorithm: string;
  /** Seconds since the epoch. */
  time: number;
  fudge: number;
  mac: Buffer;
  originalId: number;
  error: number;
  other: Buffer;
}

function readTsig(message: Buffer, record: RecordLayout): TsigData {
  const algorithm = readName(message, record.dataStart);
  const data = message.subarray(algorithm.end, record.end);
  const macLength = data.length < 16 || algorithm.end > record.end ? -1 : data.readUInt16BE(8);
  if (macLength < 0 || 16 + macLength > data.length)
    throw new MalformedMessageError('a TSIG record that ends too early');
  const rest = data.subarray(10 + macLength);
  if (rest.readUInt16BE(4) !== rest.length - 6)
    throw new MalformedMessageError('a TSIG record of a wrong length');
  return {
    algorithm: algorithm.name,
    time: data.readUIntBE(0, 6),
    fudge: data.readUInt16BE(6),
    mac: data.subarray(10, 10 + macLength),
    originalId: rest.readUInt16BE(0),
    error: rest.readUInt16BE(2),
    other: rest.subarray(6),
  };
}

/** RFC 8945 §4.3.3. Names in canonical wire form. */
function variables(
  name: Buffer,
  algorithm: Buffer,
  { time, fudge, error, other }: Pick<TsigData, 'time' | 'fudge' | 'error' | 'other'>,
): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(classAny, 0);
  const tail = Buffer.alloc(12);
  tail.writeUIntBE(time, 0, 6);
  tail.writeUInt16BE(fudge, 6);
  tail.writeUInt16BE(error, 8);
  tail.writeUInt16BE(other.length, 10);
  return Buffer.concat([name, head, algorithm, tail, other]);
}

function macOf(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(tsigAlgorithms[key.algorithm].hash, key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function complaint(word: string, key: TsigKey, other: Buffer, now: number): string {
  switch (word) {
    case 'BADKEY':
      return `the server does not know a key ${key.name} for ${tsigAlgorithms[key.algorithm].name} (BADKEY): compare tsigKeyName and tsigAlgorithm with the server's configuration`;
    case 'BADSIG':
      return `the server has another secret for the key ${key.name} (BADSIG): the Secret holds the base64 text of the key, encoded once`;
    case 'BADTIME': {
      const offset =
        other.length === 6 ? Math.abs(other.readUIntBE(0, 6) - Math.floor(now / 1000)) : undefined;
      // Rounded to a minute: a message that counts seconds would be another one each time.
      const apart = offset === undefined ? '' : `, about ${Math.max(1, Math.round(offset / 60))} min apart`;
      return `the clock of the server and ours differ too much (BADTIME${apart}): set both by NTP`;
    }
    default:
      return `the server refuses the signature with the key ${key.name} (${word})`;
  }
}
