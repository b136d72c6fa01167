/** Sets of field paths as tries. Immutable: every operation shares what does not change. */

/** A node: whether the path itself belongs to the set, and what is below. Keys are FieldsV1 elements (`f:name`, `k:{...}`). */
export interface FieldSet {
  readonly member: boolean;
  readonly below: ReadonlyMap<string, FieldSet> | undefined;
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map();

/** The set of no path. */
export const emptySet: FieldSet = { member: false, below: undefined };
/** A path that belongs to the set, with nothing below. */
export const memberLeaf: FieldSet = { member: true, below: undefined };

export function isEmpty(set: FieldSet): boolean {
  return !set.member && set.below === undefined;
}

export function childrenOf(set: FieldSet): ReadonlyMap<string, FieldSet> {
  return set.below ?? noChildren;
}

/** A node from its parts; children must not be empty sets. */
export function nodeOf(member: boolean, below: ReadonlyMap<string, FieldSet> | undefined): FieldSet {
  if (below === undefined || below.size === 0) return member ? memberLeaf : emptySet;
  return { member, below };
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  if (a.below === undefined) return a.member === b.member || !a.member ? b : { member: true, below: b.below };
  if (b.below === undefined) return a.member ? a : { member: true, below: a.below };
  const below = new Map(a.below);
  let changed = a.member !== (a.member || b.member);
  for (const [key, child] of b.below) {
    const mine = below.get(key);
    const both = mine === undefined ? child : union(mine, child);
    if (both !== mine) changed = true;
    below.set(key, both);
  }
  return changed ? { member: a.member || b.member, below } : a;
}

/** The paths of `a` that are not in `b`. Returns `a` itself when nothing goes. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const member = a.member && !b.member;
  if (a.below === undefined || b.below === undefined)
    return member === a.member ? a : nodeOf(member, a.below);
  let below: Map<string, FieldSet> | undefined;
  for (const [key, child] of b.below) {
    const mine = a.below.get(key);
    if (mine === undefined) continue;
    const rest = difference(mine, child);
    if (rest === mine) continue;
    below ??= new Map(a.below);
    if (isEmpty(rest)) below.delete(key);
    else below.set(key, rest);
  }
  if (below === undefined && member === a.member) return a;
  return nodeOf(member, below ?? a.below);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const member = a.member && b.member;
  if (a.below === undefined || b.below === undefined) return member ? memberLeaf : emptySet;
  const below = new Map<string, FieldSet>();
  for (const [key, child] of a.below) {
    const other = b.below.get(key);
    const both = other === undefined ? emptySet : intersection(child, other);
    if (!isEmpty(both)) below.set(key, both);
  }
  return nodeOf(member, below);
}

/** `a` without the paths of `b` and everything below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (b.member) return emptySet;
  if (a.below === undefined || b.below === undefined) return a;
  const below = new Map<string, FieldSet>();
  for (const [key, child] of a.below) {
    const other = b.below.get(key);
    const rest = other === undefined ? child : recursiveDifference(child, other);
    if (!isEmpty(rest)) below.set(key, rest);
  }
  return nodeOf(a.member, below);
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.member !== b.member || a.below?.size !== b.below?.size) return false;
  for (const [key, child] of childrenOf(a)) {
    const other = b.below?.get(key);
    if (other === undefined || !sameSet(child, other)) return false;
  }
  return true;
}

/** Every path of the set, as its elements. */
export function* pathsOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (set.member) yield prefix;
  for (const [key, child] of childrenOf(set)) yield* pathsOf(child, [...prefix, key]);
}

/** The set of the given paths of elements. */
export function setOf(paths: Iterable<readonly string[]>): FieldSet {
  let set = emptySet;
  for (const path of paths) {
    set = union(
      set,
      path.reduceRight<FieldSet>(
        (below, element) => ({ member: false, below: new Map([[element, below]]) }),
        memberLeaf,
      ),
    );
  }
  return set;
}
