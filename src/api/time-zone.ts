/** Offsets of IANA time zones, from the data that Node brings along. */

/** `UTC offset` such as +01:00 is understood by Intl but is no IANA name. */
const NAME = /^[A-Za-z][A-Za-z0-9+_/-]{0,63}$/;

export function isValidTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export interface TimeZone {
  readonly name: string;
  /** Milliseconds to add to UTC to get local time at this instant. */
  offsetAt(ms: number): number;
}

/** Throws RangeError for a name that `isValidTimeZone` refuses. */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return { name, offsetAt: () => 0 };
  if (!isValidTimeZone(name)) throw new RangeError(`"${name.slice(0, 64)}" is not an IANA time zone name`);
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return { name, offsetAt: (ms) => wallClock(format, ms) - Math.floor(ms / 1000) * 1000 };
}

/** The local date and time at an instant, as if it were UTC. */
function wallClock(format: Intl.DateTimeFormat, ms: number): number {
  const fields: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
