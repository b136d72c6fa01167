/** The change of a Challenge's status as a merge patch, and whether it changes anything: pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Challenge, ChallengeStatus } from '../../api/challenge.ts';

/** `null` removes a field. */
export type StatusChange = { [Field in keyof ChallengeStatus]?: ChallengeStatus[Field] | null };

export type Checks = NonNullable<ChallengeStatus['checks']>;

/** The merge patch; undefined: the status says all that already. */
export function statusPatch({ status }: Challenge, change: StatusChange): StatusChange | undefined {
  const now: Readonly<Record<string, unknown>> = { ...status };
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const before = now[field];
    if (value === null ? before === undefined : isDeepStrictEqual(before, value)) continue;
    patch[field] = value;
  }
  // Both are written even when false: dashboards and metrics of others look for them (acme.md §1.1).
  for (const field of ['processing', 'presented'] as const)
    if (status?.[field] === undefined && patch[field] === undefined) patch[field] = false;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The status as it is once `change` is written. */
export function withChange(status: ChallengeStatus | undefined, change: StatusChange): ChallengeStatus {
  const next: Record<string, unknown> = { ...status };
  for (const [field, value] of Object.entries(change))
    if (value === null) delete next[field];
    else if (value !== undefined) next[field] = value;
  return next;
}

/** The checks to write: those that are there, where nothing but the time differs and the rest of the status stays. */
export function newChecks(before: Checks | undefined, after: Checks): Checks | undefined {
  // Servers order fields as they like.
  const facts = (checks: Checks | undefined): object[] =>
    (checks ?? []).map(({ checkedAt: _checkedAt, ...rest }) => rest);
  return isDeepStrictEqual(facts(before), facts(after)) ? undefined : after;
}
