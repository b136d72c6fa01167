/** Makes a folder and what leads to it, one step at a time. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Every folder that is missing is made 0700. Throws what the file system says, naming the folder at which it said so.
 * Node's own recursive mkdir tries for ever where a file system answers ENOENT for a folder that could be made, as
 * /proc does.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const folder of missing.toReversed()) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      // Somebody else may have been quicker.
      if (!isFolder(folder)) throw error;
    }
  }
  if (!isFolder(path)) throw new Error('there is a file of that name');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
