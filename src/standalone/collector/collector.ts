/** The background worker: what has to be looked at, when, and again when it failed; `CollectorSteps` does the work. */
import { metaOf, type JsonObject } from '../resources/resource-entry.ts';
import { ApiError } from '../rest/api-error.ts';
import type { ServerLog } from '../server-log.ts';
import type { RowKey, StoredChange } from '../storage/object-store.ts';
import { CollectorSteps, type StepsDeps } from './collector-steps.ts';

export interface CollectorOptions extends StepsDeps {
  log: ServerLog | undefined;
}

const RETRY_MS = 1000;
const SCANNED_PER_TURN = 1000;

/** Level-based: a key in the queue means "look at this object", never "this happened". */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #steps: CollectorSteps;
  readonly #queue = new Map<string, RowKey>();
  readonly #unsubscribe: () => void;
  #running: Promise<void> | undefined;
  readonly #failed: RowKey[] = [];
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Up to which revision the scan at start has come; undefined when it is done. */
  #scanned: number | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#steps = new CollectorSteps(options, () => this.#stopped);
    this.#unsubscribe = options.store.onCommit((changes) => this.#observe(changes));
  }

  /** Looks at everything once: what was left undone when the process ended. */
  start(): void {
    const { store } = this.#options;
    for (const key of store.owned()) this.#add(key);
    this.#scanned = 0;
    void this.#kick();
  }

  /** Resolves when the queue is empty. */
  async settled(): Promise<void> {
    while (this.#running !== undefined || this.#queue.size > 0) {
      if (this.#stopped) return;
      await (this.#running ?? this.#kick());
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    clearTimeout(this.#retry);
    await this.#running;
  }

  #observe(changes: readonly StoredChange[]): void {
    for (const change of changes) {
      if (change.type === 'DELETED') {
        for (const key of this.#options.store.dependents(change.uid)) this.#add(key);
        this.#addOwnersInDeletion(change.json);
        if (change.namespace !== '') this.#addTerminating(change.namespace);
        const definition = this.#options.registry.stored(change.resource);
        if (definition !== undefined && !definition.strategicMerge) {
          this.#addTerminatingDefinition(change.resource);
        }
      } else if (needsLook(change)) this.#add(change);
    }
  }

  /** An owner in foreground deletion waits for its dependents: one of them is gone. */
  #addOwnersInDeletion(json: string): void {
    if (!json.includes('"blockOwnerDeletion":true')) return;
    const object = JSON.parse(json) as JsonObject;
    for (const owner of metaOf(object).ownerReferences ?? []) {
      const key = this.#steps.ownerKey(owner, metaOf(object).namespace ?? '');
      if (key !== undefined) this.#add(key);
    }
  }

  #addTerminating(namespace: string): void {
    if (
      this.#options.store
        .get({ resource: 'namespaces', namespace: '', name: namespace })
        ?.json.includes('"deletionTimestamp"') === true
    ) {
      this.#add({ resource: 'namespaces', namespace: '', name: namespace });
    }
  }

  #addTerminatingDefinition(name: string): void {
    const key = { resource: 'customresourcedefinitions.apiextensions.k8s.io', namespace: '', name };
    if (this.#options.store.get(key)?.json.includes('"deletionTimestamp"') === true) this.#add(key);
  }

  #add(key: RowKey): void {
    this.#queue.set(`${key.resource}/${key.namespace}/${key.name}`, {
      resource: key.resource,
      namespace: key.namespace,
      name: key.name,
    });
    if (this.#running === undefined && !this.#stopped) void this.#kick();
  }

  #kick(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#queue.size > 0 && !this.#stopped) void this.#kick();
    });
    return this.#running;
  }

  /** Objects in deletion that nothing else leads to, such as an owner whose last dependent had gone already. */
  async #scan(): Promise<void> {
    while (this.#scanned !== undefined && !this.#stopped) {
      const { keys, next } = this.#options.store.going(this.#scanned, SCANNED_PER_TURN);
      for (const key of keys) this.#add(key);
      this.#scanned = next;
      await nextTurn();
    }
  }

  async #work(): Promise<void> {
    await nextTurn(); // Requests go first: the worker begins after the turn that woke it.
    try {
      await this.#scan();
    } catch (error) {
      this.#options.log?.warn(
        { err: error },
        'the garbage collector could not read everything and will try again',
      );
      this.#retry ??= setTimeout(() => this.#again(), RETRY_MS).unref();
    }
    for (const [id, key] of this.#queue) {
      if (this.#stopped) return;
      this.#queue.delete(id);
      try {
        await this.#steps.look(key);
      } catch (error) {
        // Something that it works on changed or went meanwhile: no failure, but what was left has to be done.
        if (!(error instanceof ApiError && (error.httpCode === 404 || error.httpCode === 409))) {
          this.#options.log?.warn(
            { err: error, ...key },
            'the garbage collector could not finish an object and will try again',
          );
        }
        this.#failed.push(key);
        this.#retry ??= setTimeout(() => this.#again(), RETRY_MS).unref();
      }
    }
  }

  #again(): void {
    this.#retry = undefined;
    for (const key of this.#failed.splice(0)) this.#add(key);
    if (!this.#stopped) void this.#kick();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether a written object can concern the collector. Text search first: parsing every write would cost. */
function needsLook(change: StoredChange): boolean {
  if (change.json.includes('"deletionTimestamp"')) return true;
  const references = ownersText(change.json);
  if (references === undefined) return false;
  return (
    change.type === 'ADDED' ||
    change.previousJson === undefined ||
    ownersText(change.previousJson) !== references
  );
}

/** The owner references as they are written. What a name with a bracket cuts off is only compared too early. */
function ownersText(json: string): string | undefined {
  const from = json.indexOf('"ownerReferences":[');
  return from === -1 ? undefined : json.slice(from, json.indexOf(']', from));
}
