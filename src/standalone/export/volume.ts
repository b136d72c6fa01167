/**
 * Replaces the files of one folder all at once, the way Kubernetes swaps volume data: the files live in a folder named
 * after the time, `..data` links to it, and what readers open (`tls.crt`) links through `..data`. One rename of
 * `..data` shows the new set; nobody ever reads a new certificate with an old key.
 */
import { messageOf } from '../../api/message-of.ts';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

export interface VolumeFile {
  /** A plain file name, checked by the caller. */
  name: string;
  bytes: Uint8Array;
}

export class ExportError extends Error {
  readonly code: 'export/not-a-folder' | 'export/foreign-file' | 'export/io';
  readonly retryable: boolean;
  readonly path: string;
  constructor(code: ExportError['code'], path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.retryable = code === 'export/io';
  }
}

const dataLink = '..data';
const dataLinkNext = '..data_tmp';
/** Not made of the name that it will get, which may be as long as names can be. */
const linkNext = '..link_tmp';

/** Creates `path` (0700) unless it is there; a symbolic link in its place is refused, it could lead anywhere. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw wrap(path, 'cannot be created', error);
    const facts = await lstat(path);
    if (!facts.isDirectory()) {
      throw new ExportError(
        'export/not-a-folder',
        path,
        `${path} is not a folder of its own (a file or a link): move it away`,
      );
    }
  }
}

/** Makes `folder` show exactly `files`; resolves to false when it did already. `now` names the data folder. */
export async function writeVolume(folder: string, files: readonly VolumeFile[], now: Date): Promise<boolean> {
  await ensureFolder(folder);
  try {
    const old = await currentData(folder);
    if (old !== undefined && (await shows(folder, old, files))) {
      await removeStale(folder, old);
      return false;
    }
    await refuseForeignFiles(folder, files);

    const stamp = now.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '_').replaceAll('-', '_');
    const fresh = await mkdtemp(join(folder, `..${stamp}.`));
    for (const file of files) await writeFile0600(join(fresh, file.name), file.bytes);

    await rm(join(folder, dataLinkNext), { force: true });
    await symlink(fresh.slice(folder.length + 1), join(folder, dataLinkNext));
    await rename(join(folder, dataLinkNext), join(folder, dataLink));
    await linkNames(folder, files);
    await removeStale(folder, fresh.slice(folder.length + 1));
    return true;
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw wrap(folder, 'cannot be written', error);
  }
}

/**
 * Removes what `writeVolume` made in `folder`, what it left when it was interrupted included, and the folder when
 * nothing else is in it. A folder that holds nothing of ours is left alone.
 */
export async function removeVolume(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  let ours = false;
  // The names go first and `..data` last: an interrupted removal is still known for what it is.
  for (const name of [...names.filter((one) => one !== dataLink), dataLink]) {
    const path = join(folder, name);
    const target = await readlink(path).catch(() => undefined);
    if (target === undefined) {
      if (!isDataFolder(name)) continue;
      await rm(path, { recursive: true, force: true });
    } else if (target.startsWith(`${dataLink}/`) || isDataFolder(target)) {
      await unlink(path);
    } else continue;
    ours = true;
  }
  if (!ours) return;
  await rmdir(folder).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOTEMPTY') throw wrap(folder, 'cannot be removed', error);
  });
}

async function currentData(folder: string): Promise<string | undefined> {
  const target = await readlink(join(folder, dataLink)).catch(() => undefined);
  return target !== undefined && isDataFolder(target) ? target : undefined;
}

/** Our own: two dots, a time, a random end; never a path. */
function isDataFolder(name: string): boolean {
  return /^\.\.\d{4}_\d{2}_\d{2}_\d{2}_\d{2}_\d{2}\.\w+$/.test(name);
}

async function shows(folder: string, data: string, files: readonly VolumeFile[]): Promise<boolean> {
  const names = await readdir(join(folder, data)).catch(() => undefined);
  if (names === undefined || names.length !== files.length) return false;
  for (const file of files) {
    const bytes = await readFile(join(folder, data, file.name)).catch(() => undefined);
    if (bytes === undefined || Buffer.compare(bytes, file.bytes) !== 0) return false;
    const target = await readlink(join(folder, file.name)).catch(() => undefined);
    if (target !== `${dataLink}/${file.name}`) return false;
  }
  return true;
}

/** A file that somebody else put under a name we need is not overwritten. */
async function refuseForeignFiles(folder: string, files: readonly VolumeFile[]): Promise<void> {
  for (const { name } of files) {
    const path = join(folder, name);
    const facts = await lstat(path).catch(() => undefined);
    if (facts !== undefined && !facts.isSymbolicLink()) {
      throw new ExportError(
        'export/foreign-file',
        path,
        `${path} was not written by Certwright and is in the way: move it away`,
      );
    }
  }
}

async function writeFile0600(path: string, bytes: Uint8Array): Promise<void> {
  // Not synced to the disk, as kubelet does not either: after a power cut the next start compares and writes again.
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
}

async function linkNames(folder: string, files: readonly VolumeFile[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.name));
  for (const name of wanted) {
    const target = `${dataLink}/${name}`;
    const existing = await readlink(join(folder, name)).catch(() => undefined);
    if (existing === target) continue;
    const next = join(folder, linkNext);
    await rm(next, { force: true }); // Left when we were ended between these two steps.
    await symlink(target, next);
    await rename(next, join(folder, name));
  }
  for (const name of await readdir(folder)) {
    if (wanted.has(name) || name === dataLink) continue;
    const target = await readlink(join(folder, name)).catch(() => undefined);
    if (target?.startsWith(`${dataLink}/`) === true) await unlink(join(folder, name));
  }
}

/** Earlier data, and what a swap left that was ended half-way: old private keys must not lie about. */
async function removeStale(folder: string, keep: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name !== keep && isDataFolder(name)) await rm(path, { recursive: true, force: true });
    if (!name.startsWith('..') || !name.endsWith('_tmp')) continue;
    if ((await readlink(path).catch(() => undefined)) !== undefined) await unlink(path);
  }
}

function wrap(path: string, what: string, error: unknown): ExportError {
  return new ExportError('export/io', path, `${path} ${what}: ${messageOf(error)}`, error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
