/** The shared libraries that a program needs on this machine, and the package each came from. */

import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SharedLibrary {
  /** Where the loader looks for it: the image has it at the same place. */
  readonly path: string;
  readonly content: Buffer;
  /** The Debian package it came from, where dpkg knows. */
  readonly package?: { readonly name: string; readonly version: string };
  /** The package's licence file. */
  readonly copyright?: Buffer;
}

/** @throws Error when the loader cannot find one of them, or is not glibc's */
export async function sharedLibraries(program: string): Promise<SharedLibrary[]> {
  const { stdout } = await run('ldd', [program]);
  return Promise.all(libraryPaths(stdout).map(library));
}

/** Paths in what `ldd` prints: `name => path (address)`, and the loader alone on its line. The kernel's own has no file. */
export function libraryPaths(printed: string): string[] {
  const found: string[] = [];
  for (const line of printed.split('\n')) {
    const [, missing] = /^\s*(\S+) => not found/u.exec(line) ?? [];
    if (missing !== undefined)
      throw new Error(`the loader does not find ${missing}, which the program needs`);
    const [, file] = /^\s*(?:\S+ => )?(\/\S+) \(0x/u.exec(line) ?? [];
    if (file !== undefined) found.push(file);
  }
  if (!found.some((file) => /\/ld-linux[^/]*$/u.test(file)))
    throw new Error('the program is not linked against glibc: the image is for glibc only');
  return found.toSorted();
}

async function library(file: string): Promise<SharedLibrary> {
  const content = await readFile(file);
  const owner = await owningPackage(file);
  if (owner === undefined) return { path: file, content };
  const copyright = await readFile(`/usr/share/doc/${owner.name}/copyright`).catch(() => undefined);
  return { path: file, content, package: owner, ...(copyright && { copyright }) };
}

async function owningPackage(file: string): Promise<SharedLibrary['package']> {
  const real = await realpath(file);
  // dpkg knows a file by the name under which it was unpacked: with or without /usr, linked or not.
  const names = [file, real, real.replace(/^\/usr/u, ''), path.join('/usr', file)];
  for (const name of new Set(names)) {
    try {
      const { stdout } = await run('dpkg-query', ['--search', name]);
      const owner = stdout.split(':')[0] ?? '';
      const version = await run('dpkg-query', ['--show', '--showformat=${Version}\n', owner]);
      return { name: owner, version: version.stdout.split('\n')[0] ?? '' };
    } catch {
      // Not by this name, or there is no dpkg: the SBOM then names the file alone.
    }
  }
  return undefined;
}
