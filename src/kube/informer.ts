/** A cache that stays current by itself: a store filled by a reflector. */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceType } from '../api/resources.ts';
import type { CacheKey, Change, Informer, InformerOptions } from './cache.ts';
import type { KubeClient } from './client.ts';
import { runReflector, type ReflectorDeps, type ReflectorSink } from './reflector.ts';
import { Store, versionOf } from './store.ts';

export interface InformerDeps extends ReflectorDeps {
  /** An object could not be trimmed or indexed, or a handler threw. The rest goes on. Must not throw. */
  onBadObject?: (error: unknown, key: CacheKey) => void;
}

/** Nothing is read before `start`. */
export function createInformer<T>(
  client: KubeClient,
  type: ResourceType,
  options: InformerOptions<T>,
  deps: InformerDeps,
): Informer<T> {
  const handlers: ((change: Change<T>) => void)[] = [];
  const onBadObject = deps.onBadObject ?? (() => undefined);
  const store = new Store<T>({
    trim: options.trim,
    indexes: options.indexes,
    notify(change) {
      for (const handler of handlers) {
        try {
          handler(change);
        } catch (error) {
          onBadObject(error, change.key);
        }
      }
    },
    onBadObject,
  });
  let started = false;

  return {
    get: (key) => store.get(key),
    values: () => store.values(),
    get size() {
      return store.size;
    },
    byIndex: (index, value) => store.byIndex(index, value),
    get synced() {
      return store.synced;
    },
    onChange: (handler) => void handlers.push(handler),

    start(signal) {
      if (started) throw new Error(`the informer of ${type.plural} was started before`);
      started = true;
      return new Promise((resolve, reject) => {
        const sink: ReflectorSink = {
          isKnown: (version) => store.isOwn(Number(version)),
          beginList: () => store.beginList(),
          listed: (object: KubeObject) => store.listed(object),
          endList(resourceVersion: string) {
            store.endList(resourceVersion);
            resolve();
          },
          event: (event: { type: string; object: KubeObject }) => {
            if (event.type === 'BOOKMARK') store.bookmark(versionOf(event.object));
            else if (event.type === 'DELETED') store.deleted(event.object);
            else store.changed(event.object);
          },
        };
        const { namespace, labelSelector, fieldSelector, metadataOnly } = options;
        const target = { type, namespace, labelSelector, fieldSelector, metadataOnly };
        // Ends only with the signal; then whoever still waits for the first list is told.
        runReflector(client, target, sink, deps, signal).then(() => reject(signal.reason as Error), reject);
      });
    },

    observe(object) {
      if (options.namespace === undefined || options.namespace === object.metadata?.namespace)
        store.observe(object);
    },
  };
}
