/** Which Certificates are not Ready, kept current by the informer so that nobody walks through all of them. */
import type { Certificate } from '../../api/certificate.ts';
import type { Informer } from '../../kube/cache.ts';
import { isReady } from './summary.ts';

export class ReadinessBoard {
  readonly #notReady = new Set<string>();
  readonly #informer: Informer<Certificate>;
  #changed: (() => void)[] = [];

  /** Make it before the informer starts. */
  constructor(informer: Informer<Certificate>) {
    this.#informer = informer;
    informer.onChange(({ key, current }) => {
      if (current === undefined || isReady(current)) this.#notReady.delete(key);
      else this.#notReady.add(key);
      for (const wake of this.#changed.splice(0)) wake();
    });
  }

  get total(): number {
    return this.#informer.size;
  }

  get notReady(): ReadonlySet<string> {
    return this.#notReady;
  }

  /** True once each of `keys` is known and Ready. */
  allReady(keys: Iterable<string>): boolean {
    for (const key of keys) {
      if (this.#notReady.has(key) || this.#informer.get(key) === undefined) return false;
    }
    return true;
  }

  /** Resolves at the next change of any Certificate. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve);
    });
  }
}
