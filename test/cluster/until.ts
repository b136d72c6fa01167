/** Waiting for what another process does: asked again until it holds, within a limit that only a hang reaches. */

const LIMIT_MS = 180_000;

/** @throws Error that names `what` when it does not hold within three minutes */
export async function until(what: string | (() => string), holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit)
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${LIMIT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
