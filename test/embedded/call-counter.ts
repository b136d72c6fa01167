/** Counts the requests of a client, so that a world can tell when nothing is under way. */
import type { KubeClient } from '../../src/kube/client.ts';

export class CallCounter {
  /** Grows when a request begins and when it ends; watches do not count. */
  changes = 0;
  inFlight = 0;

  /** A client that does what `client` does, counted here. */
  counted(client: KubeClient): KubeClient {
    const call = async <T>(work: Promise<T>): Promise<T> => {
      this.changes++;
      this.inFlight++;
      try {
        return await work;
      } finally {
        this.changes++;
        this.inFlight--;
      }
    };
    return {
      get: (type, key, signal) => call(client.get(type, key, signal)),
      list: (type, options) => call(client.list(type, options)),
      watch: (type, options) => client.watch(type, options),
      create: (type, object, options) => call(client.create(type, object, options)),
      update: (type, object, options) => call(client.update(type, object, options)),
      patch: (type, key, kind, patch, options) => call(client.patch(type, key, kind, patch, options)),
      apply: (type, object, options) => call(client.apply(type, object, options)),
      delete: (type, key, options) => call(client.delete(type, key, options)),
    };
  }
}
