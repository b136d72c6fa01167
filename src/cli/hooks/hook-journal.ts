/** Which files each hook has been run for, on disk: what was exported and not deployed when the power went is deployed later. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** By hook and Certificate: the digest of the files that the hook was last run for with success. */
type Entries = Map<string, string>;

interface Stored {
  version: 1;
  done: Record<string, string>;
}

export class HookJournal {
  readonly #path: string;
  readonly #done: Entries;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, done: Entries) {
    this.#path = path;
    this.#done = done;
  }

  /** A journal that cannot be read is one that says nothing: hooks run again, which they must bear anyway. */
  static async read(path: string): Promise<HookJournal> {
    const text = await readFile(path, 'utf8').catch(() => '');
    return new HookJournal(path, parse(text));
  }

  has(hook: string, certificate: string, digest: string): boolean {
    return this.#done.get(keyOf(hook, certificate)) === digest;
  }

  /** Resolves when it is on disk. */
  async set(hook: string, certificate: string, digest: string): Promise<void> {
    this.#done.set(keyOf(hook, certificate), digest);
    await this.#save();
  }

  /** Forgets Certificates that are gone, and hooks that are no longer configured. */
  async keep(isWanted: (hook: string, certificate: string) => boolean): Promise<void> {
    const before = this.#done.size;
    for (const key of this.#done.keys()) {
      const [hook = '', certificate = ''] = key.split(' ');
      if (!isWanted(hook, certificate)) this.#done.delete(key);
    }
    if (this.#done.size !== before) await this.#save();
  }

  /** One write at a time; each has all that is known when it begins. */
  #save(): Promise<void> {
    const turn = this.#writing.then(() => this.#write());
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async #write(): Promise<void> {
    const stored: Stored = { version: 1, done: Object.fromEntries(this.#done) };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const next = `${this.#path}.next`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(stored));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
  }
}

/** Names of hooks and Certificates have no spaces. */
function keyOf(hook: string, certificate: string): string {
  return `${hook} ${certificate}`;
}

function parse(text: string): Entries {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return new Map();
  }
  if (typeof stored !== 'object' || stored === null || !('done' in stored)) return new Map();
  const { done } = stored;
  if (typeof done !== 'object' || done === null) return new Map();
  return new Map(
    Object.entries(done).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}
