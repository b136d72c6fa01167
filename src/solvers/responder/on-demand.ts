/** A listener that is there while somebody needs it: port 80 belongs to the challenge for seconds, not to us for ever. */
import type { Clock, Timer } from '../../kube/clock.ts';
import type { ChallengeListener } from './http01-listener.ts';

/** After the last answer is gone: names of one order come one after the other. */
export const idleMs = 30_000;

export interface OnDemandOptions {
  start: () => Promise<ChallengeListener>;
  /** True while there is something to answer. */
  needed: () => boolean;
  clock: Clock;
  /** It stays open once it is. */
  always: boolean;
}

/** Opening and closing never overlap. */
export class OnDemandListener {
  readonly #options: OnDemandOptions;
  #listener: ChallengeListener | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: OnDemandOptions) {
    this.#options = options;
  }

  get listener(): ChallengeListener | undefined {
    return this.#listener;
  }

  /** Resolves when it listens. @throws ListenError, each time anew */
  open(): Promise<ChallengeListener> {
    return this.#next(async () => {
      this.#timer?.cancel();
      if (this.#closed) throw new Error('the listener has been closed for good');
      this.#listener ??= await this.#options.start();
      return this.#listener;
    });
  }

  /** To be told whenever an answer was taken away. */
  release(): void {
    const { always, needed, clock } = this.#options;
    if (always || needed()) return;
    this.#timer?.cancel();
    this.#timer = clock.after(idleMs, () => {
      void this.#next(async () => {
        if (needed()) return;
        await this.#end();
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#next(() => this.#end());
  }

  async #end(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task, task);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
