/** Go programs at pinned versions, each built once into an ignored folder and then kept. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { onPath } from '../toolchain.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');

export interface GoProgram {
  readonly name: string;
  /** Of the folder's go.mod: the file carries it, so that a moved pin is built anew. */
  readonly version: string;
  /** Folder with the go.mod, below this one. */
  readonly folder: string;
  /** Import path of the command; `.` for the folder's own. */
  readonly command: string;
}

const PEBBLE = { version: 'v2.10.1', folder: 'pebble' };
const STEP_CA = { version: 'v0.30.2', folder: 'step-ca' };
export const PROGRAMS = {
  pebble: { ...PEBBLE, name: 'pebble', command: 'github.com/letsencrypt/pebble/v2/cmd/pebble' },
  challtestsrv: {
    ...PEBBLE,
    name: 'pebble-challtestsrv',
    command: 'github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv',
  },
  stepCa: { ...STEP_CA, name: 'step-ca', command: 'github.com/smallstep/certificates/cmd/step-ca' },
  stepEab: { ...STEP_CA, name: 'step-eab', command: '.' },
} satisfies Record<string, GoProgram>;

/**
 * Path of the program, built on first use: Pebble takes half a minute on two cores, step-ca about four.
 * @throws Error when it has to be built and there is no Go (`CERTWRIGHT_GO`, the path, /usr/local/go/bin)
 */
export async function goProgram(program: GoProgram): Promise<string> {
  const cache = path.join(root, '.cache/peers');
  const binary = path.join(cache, `${program.name}-${program.version}`);
  if (existsSync(binary)) return binary;
  const go =
    process.env['CERTWRIGHT_GO'] ?? onPath('go', process.env['PATH'] ?? '', ['/usr/local/go/bin']).path;
  if (go === undefined) throw new Error(`${program.name} is built with Go, and there is none`);
  await mkdir(cache, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  await run(go, ['build', '-trimpath', '-ldflags', '-s -w', '-o', partial, program.command], {
    cwd: path.join(import.meta.dirname, program.folder),
    // step-ca would want libpcsclite for smart cards otherwise.
    env: { ...process.env, CGO_ENABLED: '0' },
    maxBuffer: 16 << 20,
  });
  await rename(partial, binary);
  return binary;
}
