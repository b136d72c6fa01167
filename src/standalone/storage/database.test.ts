import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { StorageError } from '../errors.ts';
import { openDatabase } from './database.ts';
import { ObjectStore } from './object-store.ts';

describe('opening the database', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'certwright-database-'));
    path = join(folder, 'objects.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The refusal names the file and says what to do. */
  const refuses = (code: string, remedy: RegExp): void => {
    assert.throws(
      () => openDatabase({ path }),
      (error) =>
        error instanceof StorageError &&
        error.code === code &&
        error.message.includes(path) &&
        remedy.test(error.message),
    );
  };
  async function filled(): Promise<void> {
    const store = new ObjectStore({ path });
    for (let i = 0; i < 200; i++) {
      const row = { resource: 'r', namespace: 'n', name: `o${i}`, uid: `u${i}` };
      store.write({
        ...row,
        expected: 0,
        deleted: false,
        render: (rv) => `{"rv":${rv},"text":"${'x'.repeat(2000)}"}`,
      });
    }
    await store.committed();
    store.close();
  }

  test('a new file is private, and opens again', () => {
    openDatabase({ path }).close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    openDatabase({ path }).close();
  });

  test('a file that was copied back for everybody to read is private again', () => {
    openDatabase({ path }).close();
    chmodSync(path, 0o644);
    openDatabase({ path }).close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('what is no database is refused and left as it is', () => {
    writeFileSync(path, 'these are notes about something else\n'.repeat(100));
    refuses('ERR_STORAGE_CORRUPT', /restore it from a backup, or move it away/);
    assert.match(readFileSync(path, 'utf8'), /^these are notes/);
  });

  test('a database of another program is refused and left as it is', () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE songs (title TEXT)');
    other.close();
    refuses('ERR_STORAGE_FOREIGN', /another program.*another data folder/);
    const again = new DatabaseSync(path);
    const names = again.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    assert.deepEqual(
      names.map((row) => row['name']),
      ['songs'],
    );
    again.close();
  });

  test('a newer schema is refused', () => {
    const newer = openDatabase({ path });
    newer.exec('PRAGMA user_version=99');
    newer.close();
    refuses('ERR_STORAGE_VERSION', /schema version 99 and this program knows 1; use the program version/);
  });

  test('a file that was cut off is refused', async () => {
    await filled();
    truncateSync(path, 65_536 + 100);
    refuses('ERR_STORAGE_CORRUPT', /restore it from a backup, or move it away/);
  });

  test('pages that were overwritten are noticed after an end that was not orderly', async () => {
    await filled();
    const raw = new DatabaseSync(path);
    raw.exec("UPDATE facts SET value = 0 WHERE name = 'clean'");
    raw.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 40_960, 81_920);
    writeFileSync(path, bytes);
    refuses('ERR_STORAGE_CORRUPT', /restore it from a backup, or move it away/);
  });

  test('a folder that is not there is named', () => {
    path = join(folder, 'nowhere', 'objects.db');
    assert.throws(() => openDatabase({ path }), { code: 'ERR_STORAGE_ACCESS' });
  });

  test('the write-ahead log stays bounded however much is written', async () => {
    const store = new ObjectStore({ path, historyLimit: 100 });
    const text = 'x'.repeat(10_000);
    let expected = 0;
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 50; i++) {
        const row = store.write({
          resource: 'r',
          namespace: 'n',
          name: 'o',
          uid: 'u',
          expected,
          deleted: false,
          render: (rv) => `{"rv":${rv},"text":"${text}"}`,
        });
        expected = row?.rv ?? 0;
      }
      await store.committed();
    }
    assert.ok(statSync(`${path}-wal`).size <= 20 * 1024 * 1024, 'the log is bounded');
    assert.ok(statSync(path).size < 30 * 1024 * 1024, 'the file holds history, not everything');
    assert.ok(store.horizon > 4000);
    store.close();
  });
});
