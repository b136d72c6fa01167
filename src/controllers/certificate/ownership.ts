/** Which of several Certificates with one `spec.secretName` may write the Secret (lifecycle §6, step 2). */
import { annotationKeys } from './constants.ts';

/** How often the others look again. */
export const nonOwnerRecheckMs = 3 * 60_000;

export interface Claimant {
  name: string;
  /** `metadata.creationTimestamp`. */
  created: string;
}

/**
 * The name of the owner: the one the Secret is annotated with if it is among the claimants, else the oldest, ties
 * going to the lexically smallest name. `claimants` must not be empty.
 */
export function secretOwner(
  claimants: readonly Claimant[],
  secretAnnotations: Readonly<Record<string, string>> | undefined,
): string {
  const annotated = secretAnnotations?.[annotationKeys.certificateName];
  let best: Claimant | undefined;
  for (const claimant of claimants) {
    if (claimant.name === annotated) return claimant.name;
    if (
      best === undefined ||
      claimant.created < best.created ||
      (claimant.created === best.created && claimant.name < best.name)
    ) {
      best = claimant;
    }
  }
  if (best === undefined) throw new RangeError('a Secret without claimants has no owner');
  return best.name;
}
