/** Finds the manifest files under a folder: which they are, and whether they changed. */
import { messageOf } from '../../api/message-of.ts';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { WatchedFolder } from './folder-watch.ts';

export interface FolderFile {
  /** Absolute or relative as the folder was given. */
  path: string;
  /** Relative to the folder, for messages. */
  name: string;
  /** Changes when the file does, or is replaced by another one. */
  version: string;
  size: number;
}

export interface FolderContent {
  files: FolderFile[];
  /** The folder itself and those in it. */
  folders: WatchedFolder[];
}

export class FolderError extends Error {
  readonly code = 'manifests/folder';
  readonly retryable = true;
}

const extensions = ['.yaml', '.yml', '.json'];
const maxFiles = 20_000;
const maxDepth = 32;

/**
 * All `.yaml`, `.yml` and `.json` files, sorted by name so that runs are alike. Names with a leading dot are left out,
 * which makes a mounted ConfigMap (`..data`) and an editor's swap files work as expected. Links to files are followed.
 */
export async function readFolder(folder: string): Promise<FolderContent> {
  const found: FolderFile[] = [];
  const folders: WatchedFolder[] = [];
  const walk = async (directory: string, depth: number): Promise<void> => {
    if (depth > maxDepth) throw new FolderError(`${directory} is nested more than ${maxDepth} folders deep`);
    const { dev, ino } = await stat(directory);
    folders.push({ path: directory, identity: `${dev}:${ino}` });
    const entries = await readdir(directory, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) await walk(path, depth + 1);
      else if (extensions.some((extension) => entry.name.endsWith(extension))) await add(path);
    }
  };
  const add = async (path: string): Promise<void> => {
    const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
      // Files come and go while we look; a dangling link is none.
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (facts === undefined || !facts.isFile()) return;
    if (found.length >= maxFiles)
      throw new FolderError(`${folder} holds more than ${maxFiles} manifest files`);
    const { size, mtimeMs, ctimeMs, ino } = facts;
    found.push({ path, name: relative(folder, path), version: [size, mtimeMs, ctimeMs, ino].join(), size });
  };
  try {
    await walk(folder, 0);
  } catch (error) {
    if (error instanceof FolderError) throw error;
    const cause = messageOf(error);
    throw new FolderError(`the manifests folder ${folder} cannot be read: ${cause}`, { cause: error });
  }
  return { files: found.toSorted((a, b) => (a.name < b.name ? -1 : 1)), folders };
}
