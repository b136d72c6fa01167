/**
 * Cron expressions of renewal windows (spec/api.md §9): five fields or a descriptor, evaluated in an IANA time zone.
 *
 * Daylight saving: a start is every instant whose local time matches. A local time that is skipped in spring does
 * not fire on that day; one that comes twice in autumn fires twice. That is what robfig/cron does.
 */
import { parseDuration } from './duration.ts';
import { matchAfter, matchBefore, type CronFields } from './cron-search.ts';
import { timeZone, type TimeZone } from './time-zone.ts';

export { isValidTimeZone } from './time-zone.ts';

export class CronSyntaxError extends Error {
  override readonly name = 'CronSyntaxError';
  readonly code = 'CronSyntax';
  readonly retryable = false;
  readonly expression: string;

  constructor(expression: string, problem: string) {
    super(problem);
    this.expression = expression;
  }
}

/** Times are milliseconds since the epoch. Both methods throw RangeError for an unknown time zone. */
export interface CronSchedule {
  /** The first start strictly after `afterMs`; undefined when there is none within nine years. */
  next(afterMs: number, timeZone: string): number | undefined;
  /** The last start strictly before `beforeMs`; undefined when there is none within nine years. */
  prev(beforeMs: number, timeZone: string): number | undefined;
  /** For `@every`, its period in milliseconds: it has no fixed starts, both methods count from their argument. */
  readonly period?: number;
}

const MAX_LENGTH = 1024;

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: DAYS },
];

/** Throws CronSyntaxError, whose message says what is wrong and where. */
export function parseCron(expression: string): CronSchedule {
  const fail = (problem: string) => new CronSyntaxError(expression.slice(0, MAX_LENGTH), problem);
  if (expression.length > MAX_LENGTH) throw fail(`longer than ${MAX_LENGTH} characters`);
  const text = expression.trim();
  if (text === '') throw fail('empty');
  if (/^(CRON_)?TZ=/.test(text))
    throw fail('a time zone inside the expression is not supported; set timezone instead');
  if (text.startsWith('@every ')) return everySchedule(text.slice('@every '.length), fail);
  if (text.startsWith('@') && !Object.hasOwn(DESCRIPTORS, text)) {
    throw fail(`unknown descriptor; known are ${Object.keys(DESCRIPTORS).join(', ')} and @every <duration>`);
  }
  const parts = (Object.hasOwn(DESCRIPTORS, text) ? DESCRIPTORS[text]! : text).split(/\s+/);
  if (parts.length !== FIELDS.length) {
    throw fail(`expected 5 fields (minute hour day-of-month month day-of-week), found ${parts.length}`);
  }
  const sets = FIELDS.map((field, index) => parseField(parts[index]!, field, fail));
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = sets;
  return fieldSchedule({
    minutes: minutes!.values,
    hours: hours!.values,
    daysOfMonth: daysOfMonth!.values,
    months: months!.values,
    daysOfWeek: daysOfWeek!.values,
    eitherDay: !daysOfMonth!.star && !daysOfWeek!.star,
  });
}

type Fail = (problem: string) => CronSyntaxError;

function everySchedule(text: string, fail: Fail): CronSchedule {
  const parsed = parseDuration(text.trim());
  if (parsed === undefined) throw fail(`"${text}" after @every is not a duration such as 1h30m`);
  // Below a second, zero and negative become one second; fractions of a second are cut.
  const period = Math.max(1000, Math.floor(parsed / 1000) * 1000);
  const next = (ms: number) => Math.floor(ms / 1000) * 1000 + period;
  const prev = (ms: number) => Math.floor(ms / 1000) * 1000 - period;
  return { period, next, prev };
}

function fieldSchedule(fields: CronFields): CronSchedule {
  let last: TimeZone | undefined;
  // Making a time zone is slow, and a schedule is asked in one zone.
  const zoneOf = (name: string) => (last?.name === name ? last : (last = timeZone(name)));
  return {
    next: (afterMs, zone) => matchAfter(fields, afterMs, zoneOf(zone)),
    prev: (beforeMs, zone) => matchBefore(fields, beforeMs, zoneOf(zone)),
  };
}

interface FieldSet {
  values: ReadonlySet<number>;
  /** Unrestricted: `*` or `?` without a step above one. Decides how the two day fields combine. */
  star: boolean;
}

function parseField(text: string, field: Field, fail: Fail): FieldSet {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',')) {
    // cert-manager skips empty entries, so objects with them exist.
    if (part === '') continue;
    const range = parseRange(part, field, fail);
    star ||= range.star;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  if (values.size === 0) throw fail(`no value in ${field.name} "${text}"`);
  return { values, star };
}

function parseRange(part: string, field: Field, fail: Fail) {
  const [span = '', stepText, ...moreSteps] = part.split('/');
  if (moreSteps.length > 0) throw fail(`more than one / in ${field.name} "${part}"`);
  const step = stepText === undefined ? 1 : parseNumber(stepText, field, fail);
  if (step === 0) throw fail(`step of zero in ${field.name} "${part}"`);
  if (span === '*' || span === '?') return { from: field.min, to: field.max, step, star: step === 1 };
  const [fromText = '', toText, ...moreEnds] = span.split('-');
  if (moreEnds.length > 0) throw fail(`more than one - in ${field.name} "${part}"`);
  const from = parseValue(fromText, field, fail);
  // A single value with a step counts from there to the end.
  const to =
    toText === undefined ? (stepText === undefined ? from : field.max) : parseValue(toText, field, fail);
  if (from < field.min || to > field.max) {
    throw fail(`${field.name} "${part}" is outside ${field.min} to ${field.max}`);
  }
  if (from > to) throw fail(`${field.name} "${part}" ends before it begins`);
  return { from, to, step, star: false };
}

function parseValue(text: string, field: Field, fail: Fail): number {
  const index = field.names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + field.min : parseNumber(text, field, fail);
}

function parseNumber(text: string, field: Field, fail: Fail): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw fail(`"${text}" in ${field.name} is not a number`);
  return Number(text);
}
