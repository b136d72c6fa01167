/** A text that two CEL values share when they are equal. */
import { canonicalJson } from '../canonical.ts';

export function canonicalCel(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (value instanceof Date) return `t:${value.getTime()}`;
    if (value instanceof Uint8Array) return `b:${Buffer.from(value).toString('base64')}`;
    const object = value as { [key: string]: unknown };
    return `{${Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalCel(object[key])}`)
      .join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonicalCel).join(',')}]`;
  return canonicalJson(value);
}
