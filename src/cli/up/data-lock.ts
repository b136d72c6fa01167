/** One process per data folder: an SQLite lock, which the operating system lets go of even after kill -9. */
import { messageOf } from '../../api/message-of.ts';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EnvironmentError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';

export interface DataLock {
  release(): void;
}

/**
 * Takes the folder (made 0700 when missing) or rejects with the pid of the process that holds it. The pid file only
 * serves the message: what counts is the lock, so a stale pid never keeps anybody out.
 */
export function lockDataDir(dataDir: string, pid: number): DataLock {
  try {
    makeFolder(dataDir);
  } catch (error) {
    throw new EnvironmentError(
      'cli/data-dir',
      `--data-dir ${dataDir}: cannot be created: ${messageOf(error)}; name a folder that you may write to`,
      error,
    );
  }
  const pidFile = join(dataDir, 'lock.pid');
  const lockFile = join(dataDir, 'lock.db');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lockFile, { timeout: 0 });
    // Whoever can read it could hold its lock, and so keep us out. SQLite makes files as the umask has it.
    chmodSync(lockFile, 0o600);
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) {
      const holder = readPid(pidFile);
      const who = holder === undefined ? 'another process' : `process ${holder}`;
      throw new EnvironmentError(
        'cli/data-dir-in-use',
        `--data-dir ${dataDir} is in use by ${who}: stop it, or give this one a folder of its own`,
        error,
      );
    }
    throw new EnvironmentError(
      'cli/data-dir',
      `--data-dir ${dataDir}: cannot be used: ${messageOf(error)}`,
      error,
    );
  }
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
  const held = database;
  return { release: () => held.close() };
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** SQLITE_BUSY (5) and SQLITE_LOCKED (6), extended codes included. */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === 5 || code === 6;
}
