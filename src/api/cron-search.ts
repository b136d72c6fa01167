/** Finds the instants whose local time matches the fields of a cron expression. */
import type { TimeZone } from './time-zone.ts';

export interface CronFields {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  daysOfMonth: ReadonlySet<number>;
  months: ReadonlySet<number>;
  daysOfWeek: ReadonlySet<number>;
  /** Both day fields are restricted: one match is enough (Vixie cron). Otherwise both must match. */
  eitherDay: boolean;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Covers the gap of eight years between leap days around 2100. */
const HORIZON_DAYS = 9 * 366;
/** More than two zone offsets can ever differ. */
const MAX_SHIFT = 27 * 3_600_000;

/** First matching instant after `after`. */
export function matchAfter(fields: CronFields, after: number, zone: TimeZone): number | undefined {
  let from = Math.floor(after) + 1;
  const end = from + HORIZON_DAYS * DAY;
  while (from <= end) {
    const offset = zone.offsetAt(from);
    const local = localAfter(fields, from + offset);
    if (local === undefined) return undefined;
    const found = local - offset;
    if (found - from > MAX_SHIFT) {
      // Whatever the zone does in between, nothing before the last day can match.
      from = found - MAX_SHIFT;
    } else if (zone.offsetAt(found) === offset) {
      return found;
    } else {
      from = transition(zone, from, found);
    }
  }
  return undefined;
}

/** Last matching instant before `before`. */
export function matchBefore(fields: CronFields, before: number, zone: TimeZone): number | undefined {
  let from = Math.ceil(before) - 1;
  const end = from - HORIZON_DAYS * DAY;
  while (from >= end) {
    const offset = zone.offsetAt(from);
    const local = localBefore(fields, from + offset);
    if (local === undefined) return undefined;
    const found = local - offset;
    if (from - found > MAX_SHIFT) {
      from = found + MAX_SHIFT;
    } else if (zone.offsetAt(found) === offset) {
      return found;
    } else {
      from = transition(zone, found, from) - 1;
    }
  }
  return undefined;
}

/** First instant after `low` that has the offset of `high`. The two differ. */
function transition(zone: TimeZone, low: number, high: number): number {
  const offset = zone.offsetAt(high);
  let [before, at] = [low, high];
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (zone.offsetAt(middle) === offset) at = middle;
    else before = middle;
  }
  return at;
}

/** First matching local minute at or after `local`. */
function localAfter(fields: CronFields, local: number): number | undefined {
  const start = Math.ceil(local / MINUTE) * MINUTE;
  let day = Math.floor(start / DAY) * DAY;
  let minute = (start - day) / MINUTE;
  for (let count = 0; count < HORIZON_DAYS; count += 1) {
    if (dayMatches(fields, day)) {
      const found = minuteFrom(fields, minute, 1);
      if (found !== undefined) return day + found * MINUTE;
    }
    day += DAY;
    minute = 0;
  }
  return undefined;
}

/** Last matching local minute at or before `local`. */
function localBefore(fields: CronFields, local: number): number | undefined {
  const start = Math.floor(local / MINUTE) * MINUTE;
  let day = Math.floor(start / DAY) * DAY;
  let minute = (start - day) / MINUTE;
  for (let count = 0; count < HORIZON_DAYS; count += 1) {
    if (dayMatches(fields, day)) {
      const found = minuteFrom(fields, minute, -1);
      if (found !== undefined) return day + found * MINUTE;
    }
    day -= DAY;
    minute = 1439;
  }
  return undefined;
}

/** First matching minute of the day, from `start` in direction `step`. */
function minuteFrom(fields: CronFields, start: number, step: 1 | -1): number | undefined {
  for (let minute = start; minute >= 0 && minute < 1440; minute += step) {
    if (fields.minutes.has(minute % 60) && fields.hours.has(Math.floor(minute / 60))) return minute;
  }
  return undefined;
}

function dayMatches(fields: CronFields, day: number): boolean {
  const date = new Date(day);
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  const month = fields.daysOfMonth.has(date.getUTCDate());
  const week = fields.daysOfWeek.has(date.getUTCDay());
  return fields.eitherDay ? month || week : month && week;
}
