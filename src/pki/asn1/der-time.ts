/** UTCTime and GeneralizedTime in the one form that RFC 5280 §4.1.2.5 allows: whole seconds, in Zulu time. */
import { CertificateError, DerError } from '../errors.ts';
import { tags } from './tags.ts';

/** Last moment that a GeneralizedTime can name, in milliseconds since 1970. */
const maxTime = Date.UTC(9999, 11, 31, 23, 59, 59);
const minTime = -62_167_219_200_000;

/** A complete time element: UTCTime for the years 1950-2049, GeneralizedTime beyond; fractions of a second are cut. */
export function encodeTime(milliseconds: number): Buffer {
  if (!(milliseconds >= minTime && milliseconds < maxTime + 1000)) {
    throw new CertificateError('A validity date must lie between the years 0 and 9999 (RFC 5280 §4.1.2.5)');
  }
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  // 2026-01-02T03:04:05.678Z -> 20260102030405
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const short = year >= 1950 && year < 2050;
  const text = `${short ? digits.slice(2) : digits}Z`;
  const out = Buffer.allocUnsafe(2 + text.length);
  out[0] = short ? tags.utcTime : tags.generalizedTime;
  out[1] = text.length;
  out.write(text, 2, 'latin1');
  return out;
}

/** Milliseconds since 1970 of time content octets. `offset` is where they start, for errors. */
export function decodeTime(tag: number, content: Uint8Array, offset: number): number {
  const short = tag === tags.utcTime;
  if (!short && tag !== tags.generalizedTime)
    throw new DerError('Expected a UTCTime or GeneralizedTime', offset);
  const length = short ? 13 : 15;
  if (content.length !== length || content[length - 1] !== 0x5a) {
    throw new DerError('A time must have seconds, no fraction, and end in Z', offset);
  }
  const number = (at: number): number => {
    const high = (content[at] ?? 0) - 0x30;
    const low = (content[at + 1] ?? 0) - 0x30;
    if (high < 0 || high > 9 || low < 0 || low > 9) throw new DerError('A time has a non-digit', offset + at);
    return high * 10 + low;
  };
  const year = short ? number(0) + (number(0) >= 50 ? 1900 : 2000) : number(0) * 100 + number(2);
  const from = short ? 2 : 4;
  const month = number(from);
  const day = number(from + 2);
  const hour = number(from + 4);
  const minute = number(from + 6);
  const second = number(from + 8);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  // Date rolls 31 April over to 1 May; a date that moved was not a date.
  if (
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  ) {
    throw new DerError('A time is not on the calendar', offset);
  }
  return date.getTime();
}
