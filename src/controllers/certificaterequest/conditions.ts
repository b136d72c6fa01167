/** Setting a status condition by Kubernetes' rules (spec/api.md §2): the transition time moves only with the status. */
import type { Condition } from '../../api/meta.ts';

/** `conditions` with `next` in place; the same array when nothing would change. `now` is RFC 3339. */
export function setCondition(
  conditions: readonly Condition[],
  next: Condition,
  now: string,
): readonly Condition[] {
  const index = conditions.findIndex((condition) => condition.type === next.type);
  const old = conditions[index];
  if (old === undefined) return [...conditions, { lastTransitionTime: now, ...next }];
  const same =
    old.status === next.status &&
    old.reason === next.reason &&
    old.message === next.message &&
    old.observedGeneration === next.observedGeneration;
  if (same) return conditions;
  const lastTransitionTime = old.status === next.status ? (old.lastTransitionTime ?? now) : now;
  return conditions.with(index, { ...next, lastTransitionTime });
}
