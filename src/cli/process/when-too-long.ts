/** Patience with work that was asked to stop. */
import type { Clock } from '../../kube/clock.ts';

/** Calls `cut` once when `ended` does not abort within `patienceMs` after `stop` did. */
export function whenTooLong(
  clock: Pick<Clock, 'after'>,
  patienceMs: number,
  { stop, ended }: { stop: AbortSignal; ended: AbortSignal },
  cut: () => void,
): void {
  const begin = (): void => {
    const timer = clock.after(patienceMs, cut);
    ended.addEventListener('abort', () => timer.cancel(), { once: true });
  };
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
}
