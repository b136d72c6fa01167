/** How full one limit is for one subject: a number or a list of times, and pure functions over it. */
import type { CaLimit } from './ca-limits.ts';

/**
 * `steady`: the time at which all of it is there again (generic cell rate algorithm: one number whatever the amount).
 * `sliding`: the times of the last uses, oldest first, at most `allowed`.
 */
export type Level = number | readonly number[];

type Shape = Pick<CaLimit, 'allowed' | 'windowMs' | 'refill'>;

/** Sums of fractions of milliseconds: a hair must not hide a slot that has come back. */
const hairMs = 0.003;
const interval = ({ windowMs, allowed }: Shape): number => windowMs / allowed;

/** The level without uses in the future, which a clock leaves that was ahead when they were counted. */
export function notAhead(limit: Shape, level: Level | undefined, now: number): Level | undefined {
  if (typeof level === 'number') return Math.min(level, now + limit.windowMs);
  if (level === undefined || (level.at(-1) ?? 0) <= now) return level;
  return level.map((at) => Math.min(at, now));
}

/** How many could be used now. */
export function available(limit: Shape, level: Level | undefined, now: number): number {
  if (level === undefined) return limit.allowed;
  if (typeof level === 'number') {
    const left = limit.windowMs - Math.max(0, level - now);
    return clamp(Math.floor((left + hairMs) / interval(limit)), limit.allowed);
  }
  return clamp(limit.allowed - (level.length - after(level, now - limit.windowMs)), limit.allowed);
}

/** The place of the first time after this one: by halves, as a level of ten thousand is asked with each order. */
function after(times: readonly number[], time: number): number {
  let [from, to] = [0, times.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((times[middle] ?? 0) > time) to = middle;
    else from = middle + 1;
  }
  return from;
}

const clamp = (value: number, max: number): number => Math.min(Math.max(0, value), max);

/** One used at `at`. Never beyond full: what the CA allowed itself cannot be more than it allows. */
export function used(limit: Shape, level: Level | undefined, at: number): Level {
  if (limit.refill === 'steady') {
    const from = typeof level === 'number' ? level : at;
    // Told of the past, the level must not sink.
    return Math.min(Math.max(from, at) + interval(limit), Math.max(from, at + limit.windowMs));
  }
  const times = typeof level === 'object' ? level : [];
  const next = times.toSpliced(after(times, at), 0, at);
  return next.length > limit.allowed ? next.slice(-limit.allowed) : next;
}

/** One given back that was used at `at`. */
export function givenBack(limit: Shape, level: Level | undefined, at: number): Level | undefined {
  if (level === undefined) return undefined;
  if (typeof level === 'number') return level - interval(limit);
  const place = after(level, at) - 1;
  // Fallen out of the window already: nothing to give back.
  return level[place] === at ? level.toSpliced(place, 1) : level;
}

/**
 * When the `count`-th slot from now is free, if each before it is used as soon as it is. At least `now`, and finite:
 * at most `count` windows away.
 */
export function slotAt(limit: Shape, level: Level | undefined, count: number, now: number): number {
  if (limit.refill === 'steady') {
    const full = Math.max(typeof level === 'number' ? level : now, now);
    return Math.max(now, Math.ceil(full + count * interval(limit) - limit.windowMs - hairMs));
  }
  const times = typeof level === 'object' ? level : [];
  const first = after(times, now - limit.windowMs);
  const free = limit.allowed - (times.length - first);
  if (count <= free) return now;
  // Beyond what comes back in this window, the same pattern follows a window later.
  const [place, rounds] = [
    (count - free - 1) % limit.allowed,
    Math.floor((count - free - 1) / limit.allowed),
  ];
  return (times[first + place] ?? now) + limit.windowMs * (rounds + 1) + 1;
}

/** When all of it is there again. */
export function fullAt(limit: Shape, level: Level | undefined, now: number): number {
  if (level === undefined) return now;
  if (typeof level === 'number') return Math.max(now, Math.ceil(level));
  const last = level.at(-1);
  return last === undefined ? now : Math.max(now, last + limit.windowMs);
}
