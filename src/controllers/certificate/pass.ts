/** What one pass over a Certificate knows. */
import type { StoredKey } from './act-durable.ts';

export interface Pass {
  /** UIDs of what was deleted, which may still be in the caches; shared by all passes. */
  gone: Set<string>;
  /** The key that this very pass has stored: nobody has it after the pass. */
  stored?: StoredKey;
}

/** The caches hear of a deletion in a moment: so many are remembered until then. */
const mostGone = 1024;

export function rememberGone(gone: Set<string>, objects: readonly { uid: string }[]): void {
  for (const { uid } of objects) gone.add(uid);
  for (const oldest of gone) {
    if (gone.size <= mostGone) return;
    gone.delete(oldest);
  }
}
