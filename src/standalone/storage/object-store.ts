/** Objects and their history in SQLite: reads at a revision, conditional writes, group commit, change feed. */
import type { DatabaseSync } from 'node:sqlite';
import { ClosedError, type StorageError } from '../errors.ts';
import { openDatabase, storageError, type DatabaseOptions } from './database.ts';
import { prepareStatements, type Statements } from './statements.ts';

/** Identifies an object: the resource key (`certificates.cert-manager.io`), its namespace ('' for none), its name. */
export interface RowKey {
  resource: string;
  namespace: string;
  name: string;
}

export interface Row extends RowKey {
  rv: number;
  uid: string;
  json: string;
}

/** One committed change, in the order of `rv`. */
export interface StoredChange extends Row {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** What the object was before; absent for ADDED. */
  previousJson?: string;
}

export interface Write extends RowKey {
  uid: string;
  /** Revision that this write replaces; 0 when the object must not exist. */
  expected: number;
  /** Called with the new revision, gives the JSON to store. */
  render: (rv: number) => string;
  deleted?: boolean;
  /** uids of metadata.ownerReferences; absent when they did not change. */
  owners?: readonly string[];
  /** JSON of the revision that is replaced, handed on to the change feed. */
  previousJson?: string;
}

export interface Page {
  rows: Row[];
  /** Whether more rows follow the last one. */
  more: boolean;
}

export interface StoreOptions extends DatabaseOptions {
  /** Revisions kept for watches. */
  historyLimit?: number;
}

interface Pending {
  changes: StoredChange[];
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const COMPACT_EVERY = 512;
const PATIENCE = 16;

function keyOf(row: Record<string, unknown>): RowKey {
  return {
    resource: String(row['resource']),
    namespace: String(row['namespace']),
    name: String(row['name']),
  };
}

export class ObjectStore {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #path: string;
  readonly #historyLimit: number;
  readonly #listeners = new Set<(changes: readonly StoredChange[]) => void>();
  readonly #pins = new Map<symbol, number>();
  #revision: number;
  #committed: number;
  #horizon: number;
  #pending: Pending | undefined;
  #closed = false;

  /** @throws StorageError */
  constructor(options: StoreOptions) {
    this.#path = options.path;
    this.#historyLimit = options.historyLimit ?? 4096;
    this.#database = openDatabase(options);
    try {
      this.#statements = prepareStatements(this.#database);
      const facts = this.#statements.counters.get();
      // Deleting the newest tombstone must not take numbers back, hence the stored counter.
      this.#revision = Math.max(Number(facts?.['newest'] ?? 0), Number(facts?.['revision'] ?? 0), 1);
      this.#committed = this.#revision;
      this.#horizon = Number(facts?.['horizon'] ?? 0);
    } catch (error) {
      this.#database.close();
      throw storageError(error, this.#path);
    }
  }

  /** The newest revision, uncommitted ones included: wait for `committed()` before telling anybody. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest revision that is committed. */
  get committedRevision(): number {
    return this.#committed;
  }

  /** Changes up to and including this revision are no longer all known. */
  get horizon(): number {
    return this.#horizon;
  }

  get(key: RowKey): Row | undefined {
    this.#open();
    const row = this.#statements.get.get(key.resource, key.namespace, key.name);
    if (row === undefined || row['deleted'] === 1) return undefined;
    return { ...key, rv: Number(row['rv']), uid: String(row['uid']), json: String(row['json']) };
  }

  /** The uid of an object without reading the object. */
  uidOf(key: RowKey): string | undefined {
    this.#open();
    const row = this.#statements.uid.get(key.resource, key.namespace, key.name);
    return row === undefined || row['deleted'] === 1 ? undefined : String(row['uid']);
  }

  /**
   * Objects of a resource as they were at `at`, ordered by namespace and name, after the given position.
   * `namespace` undefined lists all of them.
   */
  list(
    resource: string,
    options: { namespace?: string; at: number; after?: { namespace: string; name: string }; limit: number },
  ): Page {
    this.#open();
    const { namespace, at, after, limit } = options;
    const rows: Row[] = [];
    const found =
      namespace === undefined
        ? this.#statements.listAll.iterate(
            resource,
            after?.namespace ?? '',
            after?.name ?? '',
            at,
            at,
            limit + 1,
          )
        : this.#statements.listNamespace.iterate(resource, namespace, after?.name ?? '', at, at, limit + 1);
    let more = false;
    for (const row of found) {
      if (rows.length === limit) {
        more = true;
        break;
      }
      rows.push({
        resource,
        namespace: String(row['namespace']),
        name: String(row['name']),
        rv: Number(row['rv']),
        uid: String(row['uid']),
        json: String(row['json']),
      });
    }
    return { rows, more };
  }

  /** How many objects follow a position at a revision. */
  count(
    resource: string,
    at: number,
    namespace?: string,
    after?: { namespace: string; name: string },
  ): number {
    this.#open();
    const row =
      namespace === undefined
        ? this.#statements.countAll.get(resource, after?.namespace ?? '', after?.name ?? '', at, at)
        : this.#statements.countNamespace.get(resource, namespace, after?.name ?? '', at, at);
    return Number(row?.['n'] ?? 0);
  }

  /** Up to `limit` changes of a resource after `rv`; the caller has checked `rv` against the horizon. */
  changes(resource: string, rv: number, limit: number): StoredChange[] {
    this.#open();
    return this.#statements.changes.all(resource, rv, limit).map((row) => ({
      resource,
      namespace: String(row['namespace']),
      name: String(row['name']),
      rv: Number(row['rv']),
      uid: String(row['uid']),
      json: String(row['json']),
      type: row['deleted'] === 1 ? 'DELETED' : Number(row['previous']) === 0 ? 'ADDED' : 'MODIFIED',
      ...(typeof row['previousJson'] === 'string' ? { previousJson: row['previousJson'] } : {}),
    }));
  }

  /** Keys of the objects that name `uid` as an owner. */
  dependents(uid: string): RowKey[] {
    this.#open();
    return this.#statements.dependents.all(uid).map(keyOf);
  }

  /** Every object that has an owner, each once. */
  owned(): RowKey[] {
    this.#open();
    return this.#statements.owned.all().map(keyOf);
  }

  /** Of the `limit` revisions after `rv` those that may be of objects in deletion, and where to go on if there are more. */
  going(rv: number, limit: number): { keys: RowKey[]; next: number | undefined } {
    this.#open();
    const rows = this.#statements.going.all(rv, limit);
    return {
      keys: rows.filter((row) => row['going'] === 1).map(keyOf),
      next: rows.length < limit ? undefined : Number(rows.at(-1)?.['rv']),
    };
  }

  /** Up to `limit` objects of a resource whose newest revision is after `from` and not after `to`, in that order. */
  untouched(resource: string, from: number, to: number, limit: number): (RowKey & { rv: number })[] {
    this.#open();
    return this.#statements.untouched.all(from, to, resource, limit).map((row) => ({
      resource,
      namespace: String(row['namespace']),
      name: String(row['name']),
      rv: Number(row['rv']),
    }));
  }

  /** The resource keys that have objects in a namespace. */
  resourcesIn(namespace: string): string[] {
    this.#open();
    return this.#statements.resourcesIn.all(namespace).map((row) => String(row['resource']));
  }

  /**
   * Stores a revision when the object's newest one is still `expected`; gives undefined when it is not.
   * The write is durable, and visible to watches, once `committed()` has resolved.
   */
  write(write: Write): Row | undefined {
    this.#open();
    const { resource, namespace, name, uid } = write;
    const pending = this.#begin();
    try {
      const current = this.#statements.uid.get(resource, namespace, name);
      const newest = current === undefined || current['deleted'] === 1 ? 0 : Number(current['rv']);
      if (newest !== write.expected) return undefined;
      const rv = this.#revision + 1;
      const json = write.render(rv);
      const deleted = write.deleted === true;
      this.#statements.insert.run(rv, resource, namespace, name, uid, deleted ? 1 : 0, newest, json);
      this.#revision = rv;
      if (deleted || write.owners !== undefined) {
        if (newest !== 0) this.#statements.disown.run(resource, namespace, name);
        if (!deleted) {
          for (const owner of write.owners ?? []) this.#statements.own.run(owner, resource, namespace, name);
        }
      }
      const row: Row = { resource, namespace, name, uid, rv, json };
      pending.changes.push({
        ...row,
        type: deleted ? 'DELETED' : newest === 0 ? 'ADDED' : 'MODIFIED',
        ...(write.previousJson === undefined ? {} : { previousJson: write.previousJson }),
      });
      return row;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Resolves when everything written so far is committed; at once when nothing is under way. */
  committed(): Promise<void> | undefined {
    return this.#pending?.done;
  }

  /** Called after each commit with its changes. Listeners must not throw. */
  onCommit(listener: (changes: readonly StoredChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Keeps the history from `rv` on until released: for a list that is read in pieces. Not for ever: a reader that
   * stands still while the log grows to `PATIENCE` times its bound finds `horizon` beyond its revision and has to give up.
   */
  pin(rv: number): () => void {
    const key = Symbol('pin');
    this.#pins.set(key, rv);
    return () => this.#pins.delete(key);
  }

  /** Forgets history up to `rv` (bounded by pins) and gives free pages back to the file system. */
  compact(rv: number): void {
    this.#open();
    this.#begin();
    try {
      this.#forget(rv);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#commit();
    this.#database.exec('PRAGMA incremental_vacuum(2048)');
  }

  close(): void {
    if (this.#closed) return;
    if (this.#pending !== undefined) this.#commit();
    this.#closed = true;
    this.#listeners.clear();
    try {
      this.#database.exec(
        "INSERT OR REPLACE INTO facts VALUES ('clean', 1); PRAGMA wal_checkpoint(TRUNCATE);",
      );
    } catch (error) {
      throw storageError(error, this.#path);
    } finally {
      this.#database.close();
    }
  }

  /** Writes of one turn of the event loop share a transaction: measured 3x the rate of one each. */
  #begin(): Pending {
    if (this.#pending !== undefined) return this.#pending;
    try {
      this.#statements.begin.run();
    } catch (error) {
      throw storageError(error, this.#path);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined); // Each waiter sees the failure itself; nobody waiting is no crash.
    const pending: Pending = { changes: [], done: promise, resolve, reject };
    this.#pending = pending;
    setImmediate(() => {
      if (this.#pending === pending) this.#commit();
    });
    return pending;
  }

  #commit(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    try {
      const due = this.#revision - this.#historyLimit;
      if (due - this.#horizon >= COMPACT_EVERY) this.#forget(due);
      this.#statements.commit.run();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#pending = undefined;
    this.#committed = this.#revision;
    for (const listener of this.#listeners) listener(pending.changes);
    pending.resolve();
  }

  /** Numbers that can then no longer be read from what is left are stored with it. */
  #forget(rv: number): void {
    const target = Math.min(rv, this.#pinned());
    if (target <= this.#horizon) return;
    this.#statements.compactOld.run(this.#horizon, target);
    this.#statements.compactDeleted.run(this.#horizon, target);
    this.#statements.setCounter.run('revision', this.#revision);
    this.#statements.setCounter.run('horizon', target);
    this.#horizon = target;
  }

  /** Takes the open transaction back; everybody who waits for it is told. */
  #fail(error: unknown): StorageError {
    const failure = storageError(error, this.#path);
    const pending = this.#pending;
    this.#pending = undefined;
    if (this.#database.isTransaction) this.#statements.rollback.run();
    const facts = this.#statements.counters.get();
    this.#horizon = Number(facts?.['horizon'] ?? 0);
    // The numbers that were taken are not given out again: a response may have been rendered with them.
    pending?.reject(failure);
    return failure;
  }

  /** The revision that compaction must not go beyond. */
  #pinned(): number {
    const patience = this.#revision - PATIENCE * this.#historyLimit;
    return Math.min(this.#revision, ...[...this.#pins.values()].filter((rv) => rv >= patience));
  }

  #open(): void {
    if (this.#closed) throw new ClosedError();
  }
}
