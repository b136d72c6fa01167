/** A signal with an end of its own, that leaves nothing behind: no timer, and no listener on a signal that lives for long. */

/**
 * Resolves or rejects as `work` does; its signal aborts after `ms` (with a `TimeoutError`) or with the caller's. The timer
 * keeps no process alive.
 */
export async function withDeadline<T>(
  ms: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const timer = setTimeout(
    () => end.abort(new DOMException(`took longer than ${ms} ms`, 'TimeoutError')),
    ms,
  );
  timer.unref();
  const leave = (): void => end.abort(caller?.reason);
  if (caller?.aborted === true) leave();
  caller?.addEventListener('abort', leave, { once: true });
  try {
    return await work(end.signal);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener('abort', leave);
  }
}
