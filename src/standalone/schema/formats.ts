/** String formats that apiextensions knows; others are ignored, as Kubernetes does. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

const longest = 1 << 20;

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const goDuration = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;
const wordDuration =
  /^(?:\d+ ?(?:ns|nanos?|us|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?) ?)+$/;
/** Of text whose length is a multiple of four. One pass, whatever its length. */
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?([0-9a-f])[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

function isDate(year: string, month: string, day: string): boolean {
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
}

/** RFC 3339 section 5.6. */
export function isDateTime(text: string): boolean {
  const found = text.length <= 64 ? dateTime.exec(text) : null;
  return found !== null && isDate(found[1] ?? '', found[2] ?? '', found[3] ?? '');
}

export function isHostname(text: string): boolean {
  return text.length <= 253 && text.length > 0 && text.split('.').every((part) => label.test(part));
}

export function isCidr(text: string): boolean {
  const slash = text.lastIndexOf('/');
  const bits = text.slice(slash + 1);
  if (slash < 0 || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) return false;
  const family = isIP(text.slice(0, slash));
  return (
    !text.includes('%') && ((family === 4 && Number(bits) <= 32) || (family === 6 && Number(bits) <= 128))
  );
}

/** RFC 4648 section 4 with padding; line breaks are skipped, as Go's decoder does. */
export function isBase64(text: string): boolean {
  const bare = text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/g, '') : text;
  return bare.length % 4 === 0 && base64.test(bare);
}

/** Go's time.ParseDuration, and the words that strfmt adds. */
export function isDuration(text: string): boolean {
  return text.length <= 256 && (goDuration.test(text) || wordDuration.test(text));
}

function isUuid(version: string) {
  return (text: string): boolean => {
    const found = text.length <= 36 ? uuid.exec(text) : null;
    return found !== null && (version === '' || found[1] === version);
  };
}

const checks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['byte', isBase64],
  ['date-time', isDateTime],
  ['datetime', isDateTime],
  [
    'date',
    (text: string) => {
      const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
      return found !== null && isDate(found[1] ?? '', found[2] ?? '', found[3] ?? '');
    },
  ],
  ['duration', isDuration],
  ['hostname', isHostname],
  ['ipv4', isIPv4],
  ['ipv6', isIPv6],
  ['cidr', isCidr],
  ['mac', (text: string) => /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)],
  ['uri', (text: string) => URL.canParse(text) || (text.startsWith('/') && URL.canParse(text, 'http://h'))],
  ['email', (text: string) => /^[^\s@<>"]{1,64}@[^\s@<>"]{1,255}$/.test(text)],
  ['uuid', isUuid('')],
  ['uuid3', isUuid('3')],
  ['uuid4', isUuid('4')],
  ['uuid5', isUuid('5')],
]);

/** The check behind a format, or undefined when the format says nothing. */
export function formatCheck(format: string): ((text: string) => boolean) | undefined {
  const check = checks.get(format);
  // A Secret may hold 1 MiB, which is more as base64; the bound is for checks that may go back and forth.
  if (format === 'byte') return isBase64;
  return check === undefined ? undefined : (text) => text.length <= longest && check(text);
}
