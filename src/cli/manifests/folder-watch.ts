/** Tells at once when something in a folder changes: the file names and contents of every folder in it. */
import { watch, type FSWatcher } from 'node:fs';

/** Beyond this the rescan has to do. Linux gives a user 8,192 watches on small machines, for everything that runs. */
const maxWatched = 1_000;

export interface WatchedFolder {
  path: string;
  /** Of the file system: a folder that was replaced by another one of its name has to be watched anew. */
  identity: string;
}

/**
 * One watch for each folder. Node's own recursive watch looks at known files every five seconds on Linux, which is as
 * slow as not watching.
 */
export class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed: () => void;
  readonly #onError: (error: unknown) => void;

  /** @param onError a folder cannot be watched; it has to be rescanned instead */
  constructor(changed: () => void, onError: (error: unknown) => void) {
    this.#changed = changed;
    this.#onError = onError;
  }

  /** From now on these folders and no others. What happened to a new one before is told as a change. */
  follow(folders: readonly WatchedFolder[]): void {
    const wanted = new Map(
      folders.slice(0, maxWatched).map((one) => [`${one.identity} ${one.path}`, one.path]),
    );
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
    let added = false;
    for (const [key, path] of wanted) {
      if (this.#watchers.has(key)) continue;
      try {
        const watcher = watch(path, { persistent: false }, this.#changed);
        watcher.on('error', (error) => {
          this.#onError(error);
          watcher.close();
          this.#watchers.delete(key);
        });
        this.#watchers.set(key, watcher);
        added = true;
      } catch (error) {
        this.#onError(error);
      }
    }
    if (added) this.#changed();
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}
