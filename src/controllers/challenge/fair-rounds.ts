/** Does many things with several far sides: a bounded number at once, none of the sides with all of the places. */

export interface FairLimits {
  /** Over all sides, and with one of them. */
  atOnce: number;
  perSide: number;
  /** A side that has failed so often in a row is left alone for this round. */
  failures: number;
}

interface Side<T> {
  waiting: T[];
  active: number;
  /** In a row. */
  failures: number;
}

/**
 * Runs each item, in the order of its side; whoever has fewest under way is served next. Resolves with what was left
 * because its side had failed too often; rejects with the first rejection of `run`, when nothing is under way any more.
 *
 * @param run false: the far side did not do it
 */
export async function fairRound<T>(
  items: Iterable<T>,
  sideOf: (item: T) => string,
  run: (item: T) => Promise<boolean>,
  { atOnce, perSide, failures }: FairLimits,
): Promise<T[]> {
  const sides = new Map<string, Side<T>>();
  for (const item of items) {
    const name = sideOf(item);
    const side = sides.get(name);
    if (side === undefined) sides.set(name, { waiting: [item], active: 0, failures: 0 });
    else side.waiting.push(item);
  }
  let fault: { error: unknown } | undefined;
  const next = (): Side<T> | undefined => {
    if (fault !== undefined) return undefined;
    let found: [string, Side<T>] | undefined;
    for (const entry of sides) {
      const [, side] = entry;
      if (side.waiting.length === 0 || side.active >= perSide || side.failures >= failures) continue;
      if (found === undefined || side.active < found[1].active) found = entry;
    }
    if (found === undefined) return undefined;
    // Of equals, whoever was served last comes last.
    sides.delete(found[0]);
    sides.set(...found);
    return found[1];
  };
  // A worker that finds every side busy may end: those who are busy with them go on there.
  const worker = async (): Promise<void> => {
    for (let side = next(); side !== undefined; side = next()) {
      const [item] = side.waiting.splice(0, 1);
      side.active++;
      try {
        side.failures = (await run(item!)) ? 0 : side.failures + 1;
      } catch (error) {
        fault ??= { error };
      } finally {
        side.active--;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (fault !== undefined) throw fault.error;
  return [...sides.values()].flatMap(({ waiting }) => waiting);
}
