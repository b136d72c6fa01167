/** A ledger's state from where it was kept: what is damaged is left out, for the CA counts by itself. */
import type { BudgetState } from './order-budget.ts';

const maxEntries = 50_000;
const maxTimes = 10_000;

export function readState(value: unknown): BudgetState {
  const state = isRecord(value) && value['version'] === 1 ? value : {};
  return {
    version: 1,
    levels: entriesOf(state['levels'], (level) => {
      if (isTime(level)) return level;
      const isList = Array.isArray(level) && level.length <= maxTimes && level.every(isTime);
      return isList ? level.toSorted((a, b) => a - b) : undefined;
    }),
    holds: entriesOf(state['holds'], (until) => (isTime(until) ? until : undefined)),
    taken: entriesOf(state['taken'], (entry) => {
      if (!isRecord(entry) || !isTime(entry['at']) || !Array.isArray(entry['keys'])) return undefined;
      const keys = entry['keys'].filter((key) => typeof key === 'string');
      return { at: entry['at'], keys: keys.map(String), issued: entry['issued'] === true };
    }),
  };
}

function entriesOf<T>(value: unknown, read: (entry: unknown) => T | undefined): Record<string, T> {
  const found = Object.entries(isRecord(value) ? value : {})
    .slice(0, maxEntries)
    .map(([key, entry]) => [key, read(entry)] as const)
    .filter((entry): entry is [string, T & {}] => entry[1] !== undefined);
  return Object.fromEntries(found);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Within the range of Date, so that every answer is a time. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < 8.64e15;
