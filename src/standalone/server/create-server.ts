/** Puts storage, resource table, REST, collector and front doors together. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../api/meta.ts';
import { Collector } from '../collector/collector.ts';
import { EventExpiry } from '../collector/event-expiry.ts';
import { ClosedError } from '../errors.ts';
import { builtinEntries } from '../resources/builtin-entries.ts';
import { customResourceDefinitionEntry } from '../resources/builtin/custom-resource-definition.ts';
import { namespaceEntry } from '../resources/builtin/namespace.ts';
import { workloadEntries } from '../resources/builtin/workloads.ts';
import { entriesOfCrd } from '../resources/crd-entries.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import { ResourceRegistry } from '../resources/resource-registry.ts';
import { ApiHandler } from '../rest/api-handler.ts';
import type { ObjectWriter, WriteContext } from '../rest/object-writer.ts';
import { WatchHub } from '../rest/watch-hub.ts';
import type { EmbeddedServer, ListenOptions, Listening, ServerOptions } from '../server.ts';
import { ObjectStore } from '../storage/object-store.ts';
import { ADMINISTRATOR } from './authenticator.ts';
import { InProcessDispatcher } from './in-process-dispatcher.ts';
import { pooledRandom } from './pooled-random.ts';
import { restoreObjects } from './restore-objects.ts';
import { listenTls } from './tls-listener.ts';

const DEFAULT_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
/** Superseded objects (old private keys among them) leave the database after one to two of these. */
const COMPACTION_MS = 5 * 60_000;

/**
 * Opens the database, stores namespaces and definitions, and serves.
 *
 * @throws StorageError when the database cannot be used
 * @throws ApiError when a definition of `crds` is not valid
 */
export async function createServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { dataDir, log } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? pooledRandom();
  const memory = dataDir === ':memory:';
  if (!memory) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
  }
  const store = new ObjectStore({
    path: memory ? ':memory:' : join(dataDir, 'objects.db'),
    ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
    ...(options.durability === undefined ? {} : { durability: options.durability }),
  });
  const registry = new ResourceRegistry();
  for (const entry of builtinEntries) registry.add(entry);
  if (options.workloads === true) for (const entry of workloadEntries) registry.add(entry);
  const hub = new WatchHub(store);
  followDefinitions(store, registry, hub);
  const handler = new ApiHandler({
    store,
    registry,
    hub,
    admission: options.admission,
    authorize: options.authorize,
    now,
    random,
    log,
  });
  const collector = new Collector({ store, registry, writer: handler.writer, deleter: handler.deleter, log });
  try {
    await seed(handler.writer, store, options);
  } catch (error) {
    await collector.stop();
    store.close();
    throw error;
  }
  collector.start();
  const expiry = new EventExpiry({ store, deleter: handler.deleter, now, log });
  expiry.start();
  return new Server({
    store,
    registry,
    hub,
    handler,
    collector,
    expiry,
    dataDir: memory ? undefined : dataDir,
    random,
    now,
    log,
  });
}

/** Keeps the resource table in step with the stored definitions. */
function followDefinitions(store: ObjectStore, registry: ResourceRegistry, hub: WatchHub): void {
  const { storageKey } = customResourceDefinitionEntry;
  const serve = (json: string): void => {
    for (const entry of entriesOfCrd(JSON.parse(json) as JsonObject)) registry.add(entry);
  };
  for (const row of store.list(storageKey, { at: store.revision, limit: 100_000 }).rows) serve(row.json);
  store.onCommit((changes) => {
    for (const change of changes) {
      if (change.resource !== storageKey) continue;
      const specs = [change.previousJson, change.json].map((json) =>
        json === undefined ? '' : JSON.stringify((JSON.parse(json) as JsonObject)['spec']),
      );
      if (change.type !== 'DELETED' && specs[0] === specs[1]) continue; // Only status: watches go on.
      registry.remove(change.name);
      if (change.previousJson !== undefined) hub.endResource(change.name);
      if (change.type !== 'DELETED') serve(change.json);
    }
  });
}

async function seed(writer: ObjectWriter, store: ObjectStore, options: ServerOptions): Promise<void> {
  const context: WriteContext = {
    user: ADMINISTRATOR,
    fieldManager: 'certwright',
    dryRun: false,
    fieldValidation: 'Strict',
    warnings: [],
  };
  for (const name of new Set([...DEFAULT_NAMESPACES, ...(options.namespaces ?? [])])) {
    await ensure(writer, store, namespaceEntry, { metadata: { name } }, context);
  }
  for (const crd of options.crds ?? []) {
    await ensure(writer, store, customResourceDefinitionEntry, structuredClone(crd), context);
  }
}

async function ensure(
  writer: ObjectWriter,
  store: ObjectStore,
  entry: ResourceEntry,
  object: KubeObject,
  context: WriteContext,
): Promise<void> {
  const wanted = object as JsonObject;
  const name = metaOf(wanted).name ?? '';
  if (store.uidOf({ resource: entry.storageKey, namespace: '', name }) === undefined) {
    await writer.create(entry, '', wanted, context);
    return;
  }
  if (wanted['spec'] === undefined) return;
  await writer.update(
    { entry, namespace: '', name },
    (stored) => {
      const current = stored();
      const meta = metaOf(current);
      const ours = metaOf(wanted);
      if (ours.labels !== undefined) meta.labels = { ...meta.labels, ...ours.labels };
      if (ours.annotations !== undefined) meta.annotations = { ...meta.annotations, ...ours.annotations };
      return { ...current, spec: structuredClone(wanted['spec']) };
    },
    context,
  );
}

interface Parts {
  store: ObjectStore;
  registry: ResourceRegistry;
  hub: WatchHub;
  handler: ApiHandler;
  collector: Collector;
  expiry: EventExpiry;
  dataDir: string | undefined;
  random: (size: number) => Uint8Array;
  now: () => number;
  log: ServerOptions['log'];
}

class Server implements EmbeddedServer {
  readonly #parts: Parts;
  readonly #dispatchers = new Set<InProcessDispatcher>();
  readonly #listening = new Set<Listening>();
  readonly #compaction: NodeJS.Timeout;
  #lastTick: number;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lastTick = parts.store.revision;
    this.#compaction = setInterval(() => this.#compact(), COMPACTION_MS).unref();
  }

  dispatcher(user = ADMINISTRATOR): InProcessDispatcher {
    if (this.#closing !== undefined) throw new ClosedError();
    const dispatcher = new InProcessDispatcher((request) => this.#parts.handler.handle(request), user);
    this.#dispatchers.add(dispatcher);
    return dispatcher;
  }

  async listen(options: ListenOptions = {}): Promise<Listening> {
    if (this.#closing !== undefined) throw new ClosedError();
    const { handler, dataDir, random, now, log } = this.#parts;
    const listening = await listenTls(options, {
      handle: (request) => handler.handle(request),
      dataDir,
      random,
      now,
      log,
    });
    this.#listening.add(listening);
    return listening;
  }

  async restore(objects: readonly KubeObject[]): Promise<void> {
    if (this.#closing !== undefined) throw new ClosedError();
    await restoreObjects(objects, this.#parts);
  }

  async settled(): Promise<void> {
    await this.#parts.collector.settled();
    await this.#parts.expiry.settled();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { hub, collector, expiry, store } = this.#parts;
    clearInterval(this.#compaction);
    hub.close();
    await Promise.all([...this.#listening].map((one) => one.close()));
    await Promise.all([...this.#dispatchers].map((one) => one.close()));
    await collector.stop();
    await expiry.stop();
    await store.committed();
    store.close();
  }

  #compact(): void {
    try {
      this.#parts.store.compact(this.#lastTick);
      this.#lastTick = this.#parts.store.revision;
    } catch (error) {
      this.#parts.log?.error({ err: error }, 'compacting the database failed; it goes on and will try again');
    }
  }
}
