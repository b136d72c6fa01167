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

/** Certificates are named as in the object's namespace; `object` is `namespace/name`. */
export class Restraint {
  readonly #objects = new Map<string, Map<string, Account>>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Milliseconds until `certificate` may be written again for this version of its object; 0: now. */
  waitMs(object: string, version: string, certificate: string): number {
    const account = this.#objects.get(object)?.get(certificate);
    if (account === undefined || account.version !== version || account.writes < free) return 0;
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(account.writes - free, 20));
    return Math.max(0, account.lastMs + wait - this.#clock.now());
  }

  wrote(object: string, version: string, certificate: string): void {
    const accounts = this.#objects.get(object) ?? new Map<string, Account>();
    this.#objects.set(object, accounts);
    const account = accounts.get(certificate);
    const writes = account?.version === version ? account.writes + 1 : 1;
    accounts.set(certificate, { version, writes, lastMs: this.#clock.now() });
  }

  forget(object: string): void {
    this.#objects.delete(object);
  }
}
