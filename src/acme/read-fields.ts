/** Reading a CA's JSON: every field checked for its shape, every text and list bounded, nothing trusted. */
import type { AcmeIdentifier } from './acme-client.ts';
import { AcmeProtocolError } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const maxUrlLength = 2048;

/** @throws AcmeProtocolError for what is no JSON object */
export function readObject(body: Uint8Array | string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(
      typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body),
    );
  } catch (cause) {
    throw new AcmeProtocolError(`The CA's ${what} is not JSON`, { cause });
  }
  if (!isObject(value)) throw new AcmeProtocolError(`The CA's ${what} is not a JSON object`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the object itself: `__proto__` and its kind have none. */
export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Text for people: control characters become spaces, the rest is cut. */
export function boundedText(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Twice the length is plenty: what is cut need not be cleaned.
  const text = value
    .slice(0, maxLength * 2)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}

/**
 * Whether a URL of an answer may be asked: absolute, http or https, no password, no fragment. A CA that is reached by https
 * stays there.
 */
export function isSaneUrl(text: unknown, base: string): text is string {
  if (typeof text !== 'string' || text.length > maxUrlLength || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.protocol !== 'https:' && (url.protocol !== 'http:' || base.startsWith('https:'))) return false;
  return url.username === '' && url.password === '' && url.hash === '' && url.hostname !== '';
}

/** @throws AcmeProtocolError when it is missing or not sane */
export function requiredUrl(object: JsonObject, name: string, base: string, what: string): string {
  const value = optionalUrl(object, name, base, what);
  if (value === undefined) throw new AcmeProtocolError(`The CA's ${what} has no ${name}`);
  return value;
}

/** @throws AcmeProtocolError when it is there and not sane */
export function optionalUrl(
  object: JsonObject,
  name: string,
  base: string,
  what: string,
): string | undefined {
  const value = field(object, name);
  if (value === undefined || value === null || value === '') return undefined;
  if (isSaneUrl(value, base)) return value;
  throw new AcmeProtocolError(`The CA's ${what} has a ${name} that is no usable URL: ${quoted(value)}`);
}

/** For people to open, never for us to ask: any scheme a browser shows, bounded. */
export function displayUrl(value: unknown): string | undefined {
  const text =
    typeof value === 'string' && value.length <= maxUrlLength ? boundedText(value, maxUrlLength) : undefined;
  if (text === undefined || !URL.canParse(text)) return undefined;
  return ['https:', 'http:', 'mailto:', 'data:'].includes(new URL(text).protocol) ? text : undefined;
}

/** @throws AcmeProtocolError for a status that RFC 8555 does not know */
export function word<T extends string>(
  object: JsonObject,
  name: string,
  words: readonly T[],
  what: string,
): T {
  const value = field(object, name);
  const known = words.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  throw new AcmeProtocolError(`The CA's ${what} has an unknown ${name}: ${quoted(value)}`);
}

/** RFC 3339; undefined when absent or no date. Milliseconds since the epoch. */
export function timestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined;
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:[Zz]|[+-]\d\d:\d\d)$/u.test(value))
    return undefined;
  const at = Date.parse(value);
  return Number.isFinite(at) ? at : undefined;
}

/** Undefined for what is no identifier that we know. */
export function identifier(value: unknown): AcmeIdentifier | undefined {
  if (!isObject(value)) return undefined;
  const [type, name] = [field(value, 'type'), field(value, 'value')];
  if (type !== 'dns' && type !== 'ip') return undefined;
  // Names and addresses only: what goes into names of objects and into messages comes from here.
  if (typeof name !== 'string' || !/^[A-Za-z0-9._:*-]{1,255}$/u.test(name)) return undefined;
  return { type, value: type === 'dns' ? name.toLowerCase() : name };
}

/** @throws AcmeProtocolError for more than `max` */
export function list(value: unknown, max: number, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AcmeProtocolError(`The CA's ${what} is not a list`);
  if (value.length > max) throw new AcmeProtocolError(`The CA's ${what} has more than ${max} entries`);
  return value;
}

/** Lists and objects by their kind only: writing them out can take more stack than there is. */
function quoted(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  if (value === undefined) return 'nothing';
  return JSON.stringify(typeof value === 'string' ? boundedText(value, 80) : value);
}
