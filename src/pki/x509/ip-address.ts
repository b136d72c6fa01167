/** IP addresses between text and the octets of certificates (RFC 5280 §4.2.1.6, RFC 5952 text form). */
import { isIPv4, isIPv6 } from 'node:net';
import { NameError } from '../errors.ts';

/** 4 or 16 octets; an IPv4-mapped IPv6 address gives 4, as in Go. */
export function encodeIp(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%'))
    throw new NameError(`"${text.slice(0, 64)}" is not an IP address`, text);
  const bytes = ipv6Bytes(text);
  return isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** `isIPv6` has checked the form. */
function ipv6Bytes(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const bytes = Buffer.alloc(16);
  front.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  back.forEach((group, index) => bytes.writeUInt16BE(group, 16 - (back.length - index) * 2));
  return bytes;
}

function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Canonical text of 4 or 16 octets; undefined for another length. */
export function decodeIp(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return undefined;
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Network and mask octets of a CIDR range, host bits cleared: 8 for IPv4, 32 for IPv6 (RFC 5280 §4.2.1.10). */
export function encodeCidr(text: string): Buffer {
  const match = /^([0-9A-Fa-f:.]+)\/([0-9]{1,3})$/.exec(text);
  const address = match?.[1] ?? '';
  const width = isIPv4(address) ? 32 : 128;
  const prefix = Number(match?.[2] ?? -1);
  if (match === null || (width === 128 && !isIPv6(address)) || prefix > width) {
    throw new NameError(`"${text.slice(0, 64)}" is not a CIDR range`, text);
  }
  const network = width === 32 ? encodeIp(address) : ipv6Bytes(address);
  const mask = Buffer.alloc(width / 8);
  for (let at = 0; at < mask.length; at++) {
    const bits = Math.min(8, Math.max(0, prefix - at * 8));
    mask[at] = 0xff00 >> bits;
    network[at] = (network[at] ?? 0) & (mask[at] ?? 0);
  }
  return Buffer.concat([network, mask]);
}

/** CIDR text of network and mask octets; undefined when they are no network with a contiguous mask. */
export function decodeCidr(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 8 && bytes.length !== 32) return undefined;
  const half = bytes.length / 2;
  const bits = [...bytes.subarray(half)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const prefix = bits.lastIndexOf('1') + 1;
  if (bits.slice(0, prefix).includes('0')) return undefined;
  const address = decodeIp(bytes.subarray(0, half));
  return address === undefined ? undefined : `${address}/${prefix}`;
}
