/** The sets extension of CEL as Kubernetes enables it: contains, equivalent and intersects over lists. */
import type { Environment } from '@marcbachmann/cel-js';
import { canonicalCel } from './canonical-cel.ts';

/** What `sets` stands for in a rule; it holds nothing. */
class SetsLibrary {
  readonly name = 'sets';
}

function setOf(list: readonly unknown[]): Set<string> {
  return new Set(list.map(canonicalCel));
}

function within(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((each) => all.has(each));
}

export function registerSets(environment: Environment): void {
  environment
    .registerType('cel.Sets', SetsLibrary)
    .registerConstant('sets', 'cel.Sets', new SetsLibrary())
    .registerFunction(
      'cel.Sets.contains(list, list): bool',
      (_: SetsLibrary, all: unknown[], some: unknown[]) => within(setOf(some), setOf(all)),
    )
    .registerFunction(
      'cel.Sets.equivalent(list, list): bool',
      (_: SetsLibrary, a: unknown[], b: unknown[]) => {
        const [one, other] = [setOf(a), setOf(b)];
        return one.size === other.size && within(one, other);
      },
    )
    .registerFunction(
      'cel.Sets.intersects(list, list): bool',
      (_: SetsLibrary, a: unknown[], b: unknown[]) => {
        const other = setOf(b);
        return [...setOf(a)].some((each) => other.has(each));
      },
    );
}
