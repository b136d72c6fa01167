/** Go programs at pinned versions, each built once into an ignored folder and then kept. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
  /** Put in place of a text of the module's source, for faults of the peer that end a test run. Marked in the file name. */
  readonly patch?: {
    readonly mark: string;
    readonly module: string;
    readonly file: string;
    readonly from: string;
    readonly to: string;
  };
}

/**
 * Pebble stops for ever when an order is placed while an authorization is read and another order is placed: the first
 * looks through all authorizations with the store locked, the second asks the store with its authorization locked.
 * Here the list is taken first. Nothing else of Pebble is changed.
 */
const PEBBLE_LOCKS = {
  mark: 'locks',
  module: 'github.com/letsencrypt/pebble/v2',
  file: 'db/memorystore.go',
  from: `	m.RLock()
	defer m.RUnlock()
	for _, authz := range m.authorizationsByID {
		// Lock is needed`,
  to: `	m.RLock()
	known := make([]*core.Authorization, 0, len(m.authorizationsByID))
	for _, authz := range m.authorizationsByID {
		known = append(known, authz)
	}
	m.RUnlock()
	for _, authz := range known {
		// Lock is needed`,
};

const PEBBLE = { version: 'v2.10.1', folder: 'pebble' };
const STEP_CA = { version: 'v0.30.2', folder: 'step-ca' };
export const PROGRAMS = {
  pebble: {
    ...PEBBLE,
    name: 'pebble',
    command: 'github.com/letsencrypt/pebble/v2/cmd/pebble',
    patch: PEBBLE_LOCKS,
  },
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
  const mark = program.patch === undefined ? '' : `-${program.patch.mark}`;
  const binary = path.join(cache, `${program.name}-${program.version}${mark}`);
  if (existsSync(binary)) return binary;
  const go =
    process.env['CERTWRIGHT_GO'] ?? onPath('go', process.env['PATH'] ?? '', ['/usr/local/go/bin']).path;
  if (go === undefined) throw new Error(`${program.name} is built with Go, and there is none`);
  await mkdir(cache, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  const cwd = path.join(import.meta.dirname, program.folder);
  // step-ca would want libpcsclite for smart cards otherwise.
  const options = { cwd, env: { ...process.env, CGO_ENABLED: '0' }, maxBuffer: 16 << 20 };
  const source = `${partial}.source`;
  const modfile =
    program.patch === undefined ? [] : [`-modfile=${await patched(go, program.patch, source, options)}`];
  await run(
    go,
    ['build', ...modfile, '-trimpath', '-ldflags', '-s -w', '-o', partial, program.command],
    options,
  );
  await rename(partial, binary);
  await rm(source, { recursive: true, force: true });
  return binary;
}

/** A go.mod that names a copy of the module with the patch in it (`go help build`, -modfile): the module cache stays as it is. */
async function patched(
  go: string,
  patch: NonNullable<GoProgram['patch']>,
  folder: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<string> {
  await run(go, ['mod', 'download'], options);
  const { stdout } = await run(go, ['list', '-m', '-f', '{{.Dir}}', patch.module], options);
  const [copy, modfile] = [path.join(folder, 'module'), path.join(folder, 'go.mod')];
  await mkdir(folder, { recursive: true });
  // Modules are kept read-only.
  await run('cp', ['-r', '--no-preserve=mode', stdout.trim(), copy]);
  const file = path.join(copy, patch.file);
  const source = await readFile(file, 'utf8');
  if (source.split(patch.from).length !== 2)
    throw new Error(`${patch.file} is not what the patch ${patch.mark} is for`);
  await writeFile(
    file,
    source.replace(patch.from, () => patch.to),
  );
  for (const name of ['go.mod', 'go.sum'])
    await copyFile(path.join(options.cwd, name), path.join(folder, name));
  await run(go, ['mod', 'edit', `-replace=${patch.module}=${copy}`, modfile], options);
  return modfile;
}
