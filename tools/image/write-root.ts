/** Lays the files of an image into a folder: what the Dockerfile copies, and what a test can change its root to. */

import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { TarEntry } from './tar.ts';

/** @throws Error when the folder has something in it: leftovers would become part of the image */
export async function writeRoot(folder: string, entries: readonly TarEntry[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty`);
  for (const entry of entries) {
    const place = path.join(folder, entry.path);
    await mkdir(path.dirname(place), { recursive: true });
    if (entry.kind === 'folder') await mkdir(place, { recursive: true });
    else if (entry.kind === 'file') await writeFile(place, entry.content);
    else await symlink(entry.target, place);
    // The mask of the process has no say in it.
    if (entry.kind !== 'link') await chmod(place, entry.mode);
  }
}
