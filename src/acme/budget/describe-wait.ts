/** A time to come in words: `in 34 min (2026-11-22T07:40:00Z)`. */

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** Two units at most, rounded up: nobody should come back too early. */
export function describeWait(until: number, now: number): string {
  const wait = Math.max(1000, Math.ceil((until - now) / 1000) * 1000);
  const at = units.findIndex(([size]) => wait >= size);
  const [size, name] = units[at] ?? units[3];
  const next = units[at + 1];
  const rest = next === undefined ? 0 : Math.floor((wait % size) / next[0]);
  const date = new Date(until).toISOString().replace(/\.\d+Z$/u, 'Z');
  return `in ${Math.floor(wait / size)} ${name}${rest === 0 || next === undefined ? '' : ` ${rest} ${next[1]}`} (${date})`;
}
