/** Opens the SQLite database: file mode, pragmas, schema version, integrity, and errors that say what to do. */
import { messageOf } from '../../api/message-of.ts';
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from '../errors.ts';

/** Counts up when the tables change; an older program refuses a newer database. */
export const SCHEMA_VERSION = 1;

/**
 * One row per revision of an object. The newest revision of (resource, namespace, name) is the object; older
 * ones are the watch history and go away by compaction. JSON is written once per change and never updated.
 */
const SCHEMA = `
CREATE TABLE revisions (
  rv INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX revisions_by_name ON revisions (resource, namespace, name, rv, deleted);
CREATE TABLE owners (
  owner TEXT NOT NULL,
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (owner, resource, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX owners_by_dependent ON owners (resource, namespace, name);
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Says in the file's header whose it is ("cwrt"); files from before it was written have 0. */
const APPLICATION_ID = 0x63777274;

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  path: string;
  durability?: 'process' | 'power';
}

/** SQLite's primary result codes that we tell apart (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** What the file system says before SQLite sees the file. */
const FILE_ERRORS: Readonly<Record<string, number>> = {
  ENOENT: SQLITE_CANTOPEN,
  ENOTDIR: SQLITE_CANTOPEN,
  EISDIR: SQLITE_CANTOPEN,
  EACCES: SQLITE_CANTOPEN,
  EPERM: SQLITE_CANTOPEN,
  EROFS: SQLITE_READONLY,
  ENOSPC: SQLITE_FULL,
  EDQUOT: SQLITE_FULL,
};

/** Turns what SQLite throws into an error that names the file, the cause and the remedy. */
export function storageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const { errcode: number = FILE_ERRORS[(error as NodeJS.ErrnoException).code ?? ''] ?? 0 } = error as {
    errcode?: number;
  };
  const text = messageOf(error);
  switch (number & 0xff) {
    case SQLITE_BUSY:
      return new StorageError(
        'ERR_STORAGE_BUSY',
        `the database ${path} is in use by another process; stop that process or choose another data folder`,
        { cause: error, retryable: true },
      );
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StorageError(
        'ERR_STORAGE_CORRUPT',
        `the database ${path} is damaged (${text}); restore it from a backup, or move it away to start empty`,
        { cause: error },
      );
    case SQLITE_FULL:
      return new StorageError(
        'ERR_STORAGE_FULL',
        `no space left for the database ${path}: nothing of the request was stored; make room on that disk, it goes on by itself`,
        { cause: error, retryable: true },
      );
    case SQLITE_IOERR:
      return new StorageError(
        'ERR_STORAGE_IO',
        `the database ${path} cannot be read or written (${text}): nothing of the request was stored; look at the disk, its free space and the size limit for files (ulimit -f), it goes on by itself`,
        { cause: error, retryable: true },
      );
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return new StorageError(
        'ERR_STORAGE_ACCESS',
        `the database ${path} cannot be opened for writing (${text}); check that the folder exists and its owner and mode`,
        { cause: error },
      );
    default:
      return new StorageError('ERR_STORAGE', `the database ${path} failed: ${text}`, { cause: error });
  }
}

/**
 * Opens or creates the database. WAL with one exclusive writer: kill -9 loses nothing that was committed;
 * `durability: 'power'` also fsyncs each commit.
 *
 * @throws StorageError
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  const { path } = options;
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') {
      // SQLite gives its WAL file the mode of the database file; both hold private keys.
      if (existsSync(path)) chmodSync(path, 0o600);
      else closeSync(openSync(path, 'a', 0o600));
    }
    database = new DatabaseSync(path);
    database.exec('PRAGMA locking_mode=EXCLUSIVE');
    refuseForeign(database, path);
    database.exec('PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;');
    database.exec(`PRAGMA synchronous=${options.durability === 'power' ? 'FULL' : 'NORMAL'};
      PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=16777216;`);
    prepareSchema(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw storageError(error, path);
  }
}

/** Before anything is changed: a file that another program made stays as it is. */
function refuseForeign(database: DatabaseSync, path: string): void {
  const id = Number(database.prepare('PRAGMA application_id').get()?.['application_id'] ?? 0);
  const tables = new Set(
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map((row) => row['name']),
  );
  if ((id === 0 || id === APPLICATION_ID) && (tables.size === 0 || tables.has('revisions'))) return;
  throw new StorageError(
    'ERR_STORAGE_FOREIGN',
    `the database ${path} belongs to another program and was left as it is; choose another data folder`,
  );
}

function prepareSchema(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id=${APPLICATION_ID};
      PRAGMA user_version=${SCHEMA_VERSION}; COMMIT;`);
    return;
  }
  if (version !== SCHEMA_VERSION) {
    throw new StorageError(
      'ERR_STORAGE_VERSION',
      `the database ${path} has schema version ${version} and this program knows ${SCHEMA_VERSION}; ` +
        'use the program version that wrote it, or another data folder',
    );
  }
  // A full check reads the whole file: worth it only after an end that was not orderly.
  const clean = database.prepare("SELECT value FROM facts WHERE name = 'clean'").get()?.['value'] === 1;
  if (!clean) {
    const result = String(database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] ?? '');
    if (result !== 'ok') {
      throw new StorageError(
        'ERR_STORAGE_CORRUPT',
        `the database ${path} is damaged (${result}); restore it from a backup, or move it away to start empty`,
      );
    }
  }
  database.exec("INSERT OR REPLACE INTO facts VALUES ('clean', 0)");
}
