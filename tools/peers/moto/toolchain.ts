/** moto, a server that stands for AWS: pinned with hashes in `requirements.txt`, in a virtual environment of its own. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { onPath, type Tool } from '../toolchain.ts';

const run = promisify(execFile);

/** The release of `requirements.in`. */
export const MOTO_VERSION = '5.1.22';

/** Started as `python -m moto.server`: scripts of a virtual environment name the place where it was made. */
export async function moto(root: string, cache: string, searchPath: string): Promise<Tool> {
  const folder = path.join(cache, `moto-${MOTO_VERSION}`);
  const python = path.join(folder, 'bin/python3');
  if (existsSync(path.join(folder, 'complete'))) return { name: 'moto', path: python };
  try {
    const system = await pythonWithVenv(searchPath);
    if (system === undefined)
      return { name: 'moto', missing: 'no python3 with venv, and no root to install python3-venv' };
    await rm(folder, { recursive: true, force: true });
    await mkdir(cache, { recursive: true });
    await run(system, ['-m', 'venv', folder]);
    await run(
      python,
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--require-hashes',
        '-r',
        path.join(root, 'tools/peers/moto/requirements.txt'),
      ],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    await mkdir(path.join(folder, 'partial'));
    await rename(path.join(folder, 'partial'), path.join(folder, 'complete'));
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 2000) : String(error);
    return { name: 'moto', missing: `moto could not be installed: ${why}` };
  }
  return { name: 'moto', path: python };
}

/** Debian has venv in a package apart. */
async function pythonWithVenv(searchPath: string): Promise<string | undefined> {
  const python = onPath('python3', searchPath);
  const works = async (file: string): Promise<boolean> =>
    await run(file, ['-c', 'import ensurepip, venv']).then(
      () => true,
      () => false,
    );
  if (python.path !== undefined && (await works(python.path))) return python.path;
  if (onPath('apt-get', searchPath).path === undefined || process.getuid?.() !== 0) return undefined;
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3-venv']);
  const installed = onPath('python3', '/usr/bin').path;
  return installed !== undefined && (await works(installed)) ? installed : undefined;
}
