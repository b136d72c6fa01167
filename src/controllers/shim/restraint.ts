/** Keeps us from writing the same thing over and over against somebody who keeps undoing it (design §3: a storm cannot happen). */
import type { Clock } from '../../kube/clock.ts';

interface Account {
  /** Version of the object that the writes were for: a change of it begins a new account. */
  version: string;
  writes: number;
  lastMs: number;
}

/** So many writes of one Certificate for one version of its object are ordinary. */
const free = 3;
const firstWaitMs = 5_000;
const longestWaitMs = 5 * 60_000;

export class Restraint {
  readonly #accounts = new Map<string, Account>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Milliseconds until `certificate` may be written again for this version of its object; 0: now. */
  waitMs(certificate: string, version: string): number {
    const account = this.#accounts.get(certificate);
    if (account === undefined || account.version !== version || account.writes < free) return 0;
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(account.writes - free, 20));
    return Math.max(0, account.lastMs + wait - this.#clock.now());
  }

  wrote(certificate: string, version: string): void {
    const account = this.#accounts.get(certificate);
    const writes = account?.version === version ? account.writes + 1 : 1;
    this.#accounts.set(certificate, { version, writes, lastMs: this.#clock.now() });
  }

  /** The Certificates of an object that is gone. */
  forget(certificate: string): void {
    this.#accounts.delete(certificate);
  }
}
