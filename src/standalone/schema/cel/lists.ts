/** Kubernetes' list library: isSorted, sum, min, max, indexOf, lastIndexOf; and the list extensions distinct, reverse, slice, flatten. */
import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { canonicalCel } from './canonical-cel.ts';
import { RuleError } from './rule-error.ts';

type Comparable = bigint | number | string | boolean;

function comparable(value: unknown): Comparable {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value;
  if (value instanceof Date || value instanceof Duration) return value.valueOf();
  throw new RuleError('the list holds values that have no order');
}

function best(
  list: readonly unknown[],
  better: (a: Comparable, b: Comparable) => boolean,
  name: string,
): unknown {
  if (list.length === 0) throw new RuleError(`${name} called on an empty list`);
  return list.reduce((kept, each) => (better(comparable(each), comparable(kept)) ? each : kept));
}

function sum(list: readonly unknown[]): unknown {
  if (list.every((each) => typeof each === 'bigint')) return list.reduce((total, each) => total + each, 0n);
  return list.reduce<unknown>((total, each) => {
    if (each instanceof Duration) return total instanceof Duration ? total.addDuration(each) : each;
    if (typeof each !== 'number' && typeof each !== 'bigint')
      throw new RuleError('sum needs numbers or durations');
    return Number(total) + Number(each);
  }, 0);
}

export function registerLists(environment: Environment): void {
  const less = (a: Comparable, b: Comparable): boolean => a < b;
  environment
    .registerFunction('list.isSorted(): bool', (list: unknown[]) =>
      list.every((each, i) => i === 0 || comparable(list[i - 1]) <= comparable(each)),
    )
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: unknown[]) => best(list, less, 'min'))
    .registerFunction('list.max(): dyn', (list: unknown[]) => best(list, (a, b) => a > b, 'max'))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], wanted: unknown) => {
      const text = canonicalCel(wanted);
      return BigInt(list.findIndex((each) => canonicalCel(each) === text));
    })
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], wanted: unknown) => {
      const text = canonicalCel(wanted);
      return BigInt(list.findLastIndex((each) => canonicalCel(each) === text));
    })
    .registerFunction('list.distinct(): list', (list: unknown[]) => [
      ...new Map(list.map((each) => [canonicalCel(each), each])).values(),
    ])
    .registerFunction('list.flatten(): list', (list: unknown[]) => list.flat())
    .registerFunction('list.reverse(): list', (list: unknown[]) => list.toReversed())
    .registerFunction('list.slice(int, int): list', (list: unknown[], from: bigint, to: bigint) => {
      if (from < 0n || to < from || to > BigInt(list.length)) throw new RuleError('slice is out of range');
      return list.slice(Number(from), Number(to));
    });
}
