/**
 * Go durations (time.ParseDuration): the grammar of `duration` and `renewBefore`, and their canonical form.
 * Exact to the nanosecond inside, because `1h` less one nanosecond is refused where `1h` is the minimum.
 */

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5
  μs: 1_000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** int64, as in Go: about 292 years. */
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** Longer strings are not read: no honest duration comes close. */
const MAX_LENGTH = 256;

const TERM = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/** The duration in nanoseconds, or undefined when `text` is not a Go duration or does not fit in 64 bits. */
export function parseDurationNanos(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const signed = text.startsWith('-') || text.startsWith('+');
  const negative = text.startsWith('-');
  const body = signed ? text.slice(1) : text;
  if (body === '0') return 0n;
  if (body === '') return undefined;
  let total = 0n;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < body.length) {
    const match = TERM.exec(body);
    if (match === null) return undefined;
    const [, whole = '', fraction = '', unit = ''] = match;
    if (whole === '' && fraction === '') return undefined;
    const scale = NANOSECONDS[unit];
    if (scale === undefined) return undefined;
    if (whole !== '') total += BigInt(whole) * scale;
    // Go cuts what is below a nanosecond.
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  const nanos = negative ? -total : total;
  return nanos > MAX || nanos < MIN ? undefined : nanos;
}

/** The duration in milliseconds, with a fraction where it is finer; undefined when `text` is not a Go duration. */
export function parseDuration(text: string): number | undefined {
  const nanos = parseDurationNanos(text);
  return nanos === undefined ? undefined : Number(nanos) / 1e6;
}

/** Go's canonical form of a duration in milliseconds: 90 days are `2160h0m0s`. */
export function formatDuration(milliseconds: number): string {
  return formatDurationNanos(BigInt(Math.round(milliseconds * 1e6)));
}

/** Go's canonical form: largest unit first, below a second the largest unit that leaves a whole part. */
export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  if (hours === 0n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** `value` divided by 10^digits, without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const padded = value.toString().padStart(digits + 1, '0');
  const whole = padded.slice(0, -digits);
  const fraction = padded.slice(-digits).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
