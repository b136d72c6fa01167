/** Anti-replay nonces (RFC 8555 §6.5): taken from every answer, fetched when there is none, never kept for ever. */

/** So many are kept; more would only grow old. */
const capacity = 100;
/** A nonce that nobody wanted for so long is thrown away: CAs forget theirs, and a refused one costs a round trip. */
const longestMs = 30 * 60_000;
/** Fetches at the same time: a hundred callers at the start must not make a hundred requests. */
const parallelFetches = 4;
const noncePattern = /^[A-Za-z0-9_-]{1,512}$/u;

interface Waiter {
  take: (nonce: string) => void;
  fail: (error: unknown) => void;
}

export class NoncePool {
  readonly #now: () => number;
  /** Newest last. */
  readonly #kept: { nonce: string; at: number }[] = [];
  readonly #waiting = new Set<Waiter>();
  #fetching = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#kept.length;
  }

  /** From any answer's `Replay-Nonce`. False: it is none, and ignored (RFC 8555 §6.5.1). */
  add(nonce: string | undefined): boolean {
    if (nonce === undefined || !noncePattern.test(nonce)) return false;
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#kept.push({ nonce, at: this.#now() });
      if (this.#kept.length > capacity) this.#kept.shift();
    } else {
      this.#waiting.delete(first);
      first.take(nonce);
    }
    return true;
  }

  /** After a refusal: those from before are likely of the same fate. */
  clear(): void {
    this.#kept.length = 0;
  }

  /**
   * A nonce for one message. `fetch` asks the CA and ends up in `add`; who else adds one meanwhile serves the caller too.
   * Rejects with what `fetch` rejects with, or with the signal's reason.
   */
  async take(fetch: () => Promise<void>, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const last = this.#kept.pop();
    if (last !== undefined && Math.abs(this.#now() - last.at) < longestMs) return last.nonce;
    // The newest is too old, so all are.
    this.clear();
    return await new Promise<string>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        take: (nonce) => {
          signal.removeEventListener('abort', leave);
          resolve(nonce);
        },
        fail: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiter);
      this.#fetchForWaiters(fetch);
    });
  }

  #fetchForWaiters(fetch: () => Promise<void>): void {
    if (this.#fetching >= Math.min(parallelFetches, this.#waiting.size)) return;
    this.#fetching += 1;
    void (async () => {
      try {
        await fetch();
      } catch (error) {
        const [first] = this.#waiting;
        if (first !== undefined) {
          this.#waiting.delete(first);
          first.fail(error);
        }
      } finally {
        this.#fetching -= 1;
        this.#fetchForWaiters(fetch);
      }
    })();
  }
}
