/** Answers HTTP-01 challenges through somebody else's web server: files below its webroot (RFC 8555 §8.3). */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenPattern } from './http01-listener.ts';
import { TokenTakenError, WebrootError } from './responder-errors.ts';

const folders = ['.well-known', 'acme-challenge'] as const;
/** The web server runs as somebody else: what it serves is for everybody to read. It is public by its nature. */
const [fileMode, folderMode] = [0o644, 0o755];
/** Of ours while it is written: no token begins with a dot, so it is never asked for. */
const unfinished = /^\.certwright-[A-Za-z0-9_-]+$/;

export interface WebrootOptions {
  /** What the web server serves `/` from. It has to be there; what lies below is made. */
  folder: string;
  /** Where it is noted, one file for each token, what we wrote: for what a crashed run left. */
  journal: string;
}

/** Any number of calls at a time; those for one token take turns. */
export class Webroot {
  readonly #folder: string;
  readonly #root: string;
  readonly #journal: string;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(options: WebrootOptions) {
    this.#root = options.folder;
    this.#folder = join(options.folder, ...folders);
    this.#journal = options.journal;
  }

  /**
   * Readers see the whole file or none. What stands there with other content is the answer of another Challenge, whatever
   * name it is for: it is not overwritten. @throws WebrootError, TokenTakenError
   */
  async write(token: string, keyAuthorization: string): Promise<void> {
    const path = this.#path(token);
    await this.#inTurn(token, async () => {
      try {
        await this.#makeFolders();
        const there = await contentOf(path);
        if (there !== undefined && there !== keyAuthorization) throw new TokenTakenError(path);
        await mkdir(this.#journal, { recursive: true, mode: 0o700 });
        await writeFile(join(this.#journal, token), keyAuthorization, { mode: 0o600 });
        const temporary = join(this.#folder, `.certwright-${token}`);
        // Whatever an interrupted run left under this name goes first: a link there could lead anywhere.
        await rm(temporary, { force: true });
        const file = await open(temporary, 'wx', fileMode);
        try {
          await file.writeFile(keyAuthorization);
          // The process's umask may have taken away what the web server needs.
          await file.chmod(fileMode);
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        throw wrap(this.#folder, 'cannot be written to', error);
      }
    });
  }

  /** This answer and no other. Also when it never was there. @throws WebrootError */
  async remove(token: string, keyAuthorization: string): Promise<void> {
    this.#path(token);
    await this.#inTurn(token, () => this.#remove(token, keyAuthorization));
  }

  /** Removes what earlier runs left, apart from these tokens. Resolves to what was removed. @throws WebrootError */
  async sweep(live: ReadonlySet<string>): Promise<readonly string[]> {
    const noted = await readdir(this.#journal).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw wrap(this.#journal, 'cannot be read', error);
    });
    const left = noted.filter((token) => tokenPattern.test(token) && !live.has(token));
    for (const token of left)
      await this.#inTurn(token, async () => this.#remove(token, await this.#notedFor(token)));
    // Written and not yet renamed when the process ended, and the note of it lost with the data folder.
    if (await this.#isThere())
      for (const name of await readdir(this.#folder))
        if (unfinished.test(name)) await rm(join(this.#folder, name), { force: true });
    return left;
  }

  async #inTurn(token: string, task: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(token) ?? Promise.resolve()).then(task, task);
    this.#turns.set(token, turn);
    try {
      await turn;
    } finally {
      if (this.#turns.get(token) === turn) this.#turns.delete(token);
    }
  }

  async #remove(token: string, keyAuthorization: string | undefined): Promise<void> {
    const path = this.#path(token);
    const note = join(this.#journal, token);
    try {
      // A folder that somebody has made a link of since leads to files that are not ours.
      if (!(await this.#isThere())) return await unlink(note).catch(ignoreMissing);
      const there = await contentOf(path);
      const isOthers = keyAuthorization !== undefined && there !== undefined && there !== keyAuthorization;
      if (isOthers) {
        // The note is of whoever wrote it; the other Challenge takes both away.
        if ((await this.#notedFor(token)) === keyAuthorization) await unlink(note).catch(ignoreMissing);
        return;
      }
      await rm(join(this.#folder, `.certwright-${token}`), { force: true });
      await unlink(path).catch(ignoreMissing);
      await unlink(note).catch(ignoreMissing);
    } catch (error) {
      throw wrap(path, 'cannot be removed', error);
    }
  }

  /** What we wrote for a token; undefined where the process ended before that was noted, too. */
  async #notedFor(token: string): Promise<string | undefined> {
    const content = await contentOf(join(this.#journal, token));
    return content === '' ? undefined : content;
  }

  /** A token is the CA's word: it becomes a file name only when it is one. */
  #path(token: string): string {
    if (!tokenPattern.test(token) || token.length > 200)
      throw new WebrootError(
        `the token ${JSON.stringify(token.slice(0, 60))} is not base64url (RFC 8555 §8.3): no file is made of it`,
      );
    return join(this.#folder, token);
  }

  async #isThere(): Promise<boolean> {
    let path = this.#root;
    try {
      for (const folder of folders) {
        path = join(path, folder);
        await requireFolder(path, true);
      }
      return true;
    } catch (error) {
      ignoreMissing(error);
      return false;
    }
  }

  async #makeFolders(): Promise<void> {
    let path = this.#root;
    await requireFolder(path, false);
    for (const folder of folders) {
      path = join(path, folder);
      await makePublic(path);
      await requireFolder(path, true);
    }
  }
}

/** The administrator may link the webroot itself; below it, a link is somebody else's idea. */
async function requireFolder(path: string, real: boolean): Promise<void> {
  const facts = await lstat(path);
  if (facts.isDirectory() || (!real && facts.isSymbolicLink())) return;
  throw new WebrootError(`${path} is not a folder of its own (a file or a link): move it away`);
}

/** Where it is there already it is somebody else's, and its mode theirs. */
async function makePublic(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw error;
  }
  // Not as an argument of mkdir: the umask of a service is often 0077.
  await chmod(path, folderMode);
}

/** Far above any key authorization: token, dot, thumbprint. */
const longestAnswer = 1024;

/** Undefined: nothing is there. Links, pipes and what is too long are nothing of ours, and read as a text that nobody writes. */
async function contentOf(path: string): Promise<string | undefined> {
  const foreign = '\0';
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // What may not be read is told as it is: the folder may be closed to us, and nothing is known of the file.
    if (['ELOOP', 'ENXIO'].includes(codeOf(error))) return foreign;
    throw error;
  }
  try {
    const { size } = await file.stat().then((facts) => (facts.isFile() ? facts : { size: Infinity }));
    return size > longestAnswer ? foreign : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function wrap(path: string, what: string, error: unknown): WebrootError | TokenTakenError {
  if (error instanceof WebrootError || error instanceof TokenTakenError) return error;
  const reason =
    codeOf(error) === 'ENOENT'
      ? 'there is no such folder'
      : error instanceof Error
        ? error.message
        : String(error);
  const remedy = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))
    ? '. Give the user that certwright runs as the right to write there (in a systemd unit with ProtectSystem=, name the folder in ReadWritePaths=, too)'
    : '';
  return new WebrootError(`the webroot folder ${path} ${what}: ${reason}${remedy}`, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
