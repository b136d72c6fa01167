/** Which debts make room for another one: pure. Whoever leaves most behind loses first, and never somebody else for them. */
import type { Debt } from './debts.ts';

/** A ConfigMap holds a MiB at most (Kubernetes' own bound); metadata has to fit, too. */
export const mostBytes = 900_000;
/** An issuer that leaves more behind than this has one trouble, not a thousand. */
export const mostDebts = 200;

export interface Weighed {
  debt: Debt;
  /** As it is stored. */
  bytes: number;
}

/**
 * @param others bytes of entries that nobody can read, which stay
 * @returns those that have to go, oldest first within a namespace; undefined: there is no room even without all of them
 */
export function roomFor(stored: readonly Weighed[], others: number, incoming: Weighed): Debt[] | undefined {
  let left = stored.toSorted((a, b) => (a.debt.since < b.debt.since ? -1 : 1));
  let total = others + incoming.bytes + sum(left);
  const evicted: Debt[] = [];
  while (total > mostBytes || left.length >= mostDebts) {
    const owed = new Map([[incoming.debt.namespace, incoming.bytes]]);
    for (const { debt, bytes } of left) owed.set(debt.namespace, (owed.get(debt.namespace) ?? 0) + bytes);
    let next: Weighed | undefined;
    for (const one of left)
      if (next === undefined || owed.get(one.debt.namespace)! > owed.get(next.debt.namespace)!) next = one;
    if (next === undefined) return undefined;
    total -= next.bytes;
    evicted.push(next.debt);
    left = left.filter((one) => one !== next);
  }
  return evicted;
}

function sum(all: readonly Weighed[]): number {
  return all.reduce((total, { bytes }) => total + bytes, 0);
}
