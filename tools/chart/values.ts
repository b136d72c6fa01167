/** All values of the chart, and the tree that they form. */
import { generalValues, prometheusValues } from './values-general.ts';
import { acmeValues } from './values-acme.ts';
import { cainjectorValues, controllerValues, webhookValues } from './values-deployments.ts';
import type { ValueRow } from './value-row.ts';

export interface Section {
  title: string;
  rows: readonly ValueRow[];
}

export const sections: readonly Section[] = [
  { title: 'Installation', rows: generalValues },
  { title: 'Controller', rows: controllerValues },
  { title: 'ACME', rows: acmeValues },
  { title: 'Prometheus', rows: prometheusValues },
  { title: 'cainjector', rows: cainjectorValues },
  { title: 'Webhook', rows: webhookValues },
];

export const allValues: readonly ValueRow[] = sections.flatMap(({ rows }) => rows);

/** A node of the tree: either a value or further names. */
export type Tree<T> = Map<string, T | Tree<T>>;

export function treeOf<T extends { path: string }>(rows: readonly T[]): Tree<T> {
  const root: Tree<T> = new Map();
  for (const row of rows) {
    const names = row.path.split('.');
    const last = names.pop() ?? '';
    let at = root;
    for (const name of names) {
      const next = at.get(name) ?? new Map();
      if (!(next instanceof Map)) throw new Error(`${row.path}: ${name} is a value itself`);
      at.set(name, next);
      at = next;
    }
    if (at.has(last)) throw new Error(`${row.path} is there twice`);
    at.set(last, row);
  }
  return root;
}

/** As Helm's `toJson` writes it: keys sorted. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
