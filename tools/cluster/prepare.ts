/** Finds, installs or builds everything that the node needs: Debian packages, Go programs, and images of its workloads. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { kubernetesProgram, PROGRAMS } from '../apiserver/toolchain.ts';
import { imageArchive } from '../image/archive.ts';
import { ARCHITECTURES } from '../image/root-files.ts';
import { tar } from '../image/tar.ts';
import { goProgram as peer, PROGRAMS as PROGRAMS_OF_CAS } from '../peers/acme/go-program.ts';
import { kubectl, onPath, type Tool } from '../peers/toolchain.ts';
import { goProgram, helm } from './go-programs.ts';

const run = promisify(execFile);

/** What the node calls, and the Debian package that has it. Daemons are in folders that a user's path leaves out. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  iptables: 'iptables',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  socat: 'socat',
  curl: 'curl',
  etcd: 'etcd-server',
  openssl: 'openssl',
  unshare: 'util-linux',
  named: 'bind9',
  dig: 'bind9-dnsutils',
};
export const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Workloads: the archive that the node imports, and the static program in it. */
interface Workload {
  readonly name: string;
  readonly program: string;
}

/**
 * Fills `home` (`.cache/node`) with `bin/` and `images/`, and says on stdout how long each part took that had to be made.
 *
 * @returns what is missing, empty when the node can be started
 */
export async function prepare(root: string, home: string, searchPath: string): Promise<string[]> {
  const missing: string[] = [];
  const timed = async <T>(what: string, make: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    const made = await make();
    const seconds = (performance.now() - begin) / 1000;
    if (seconds >= 1) console.log(`${what}: ${seconds.toFixed(0)} s`);
    return made;
  };
  missing.push(...(await timed('Debian packages', () => installPackages(searchPath))));
  const go = onPath('go', searchPath, ['/usr/local/go/bin']);
  const tools: Tool[] = [];
  for (const name of PROGRAMS) tools.push(await timed(name, () => kubernetesProgram(root, name, go)));
  tools.push(await timed('kubectl', () => kubectl(root, path.join(root, '.cache/peers'), go)));
  tools.push(await timed('helm', () => helm(root, go)));
  const workloads: Workload[] = [];
  for (const name of ['coredns', 'traefik'] as const) {
    const tool = await timed(name, () => goProgram(root, name, go));
    if (tool.path === undefined) missing.push(`${name} (${tool.missing})`);
    else workloads.push({ name, program: tool.path });
  }
  await timed('Pebble', () => peer(PROGRAMS_OF_CAS.pebble)).catch((error: unknown) => {
    missing.push(`pebble (${error instanceof Error ? error.message.slice(0, 500) : String(error)})`);
  });
  for (const { name, path: program, missing: why } of tools) {
    if (program === undefined) missing.push(`${name} (${why})`);
    else await link(path.join(home, 'bin', name), program);
  }
  if (missing.length > 0) return missing;
  for (const name of ['pause', 'web']) {
    const program = path.join(home, 'bin', name);
    await small(root, name, program, go.path ?? 'go');
    workloads.push({ name, program });
  }
  await mkdir(path.join(home, 'images'), { recursive: true });
  for (const workload of workloads) await timed(`image of ${workload.name}`, () => image(home, workload));
  return [];
}

async function installPackages(searchPath: string): Promise<string[]> {
  const absent = Object.entries(PACKAGES).filter(([program]) =>
    program.startsWith('/')
      ? !existsSync(program)
      : onPath(program, searchPath, SYSTEM_FOLDERS).path === undefined,
  );
  if (absent.length === 0) return [];
  const names = absent.map(([, name]) => name);
  if (onPath('apt-get', searchPath).path === undefined) return names;
  try {
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
      // RUNLEVEL=1 keeps invoke-rc.d from starting the services that they bring.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
    return [];
  } catch (error) {
    return [`${names.join(', ')} (${error instanceof Error ? error.message.slice(0, 500) : String(error)})`];
  }
}

/** The programs lie in caches of several lanes under names with versions; the node looks in one folder. */
async function link(place: string, program: string): Promise<void> {
  await mkdir(path.dirname(place), { recursive: true });
  await rm(place, { force: true });
  await symlink(program, place);
}

/** Two programs of our own, without dependencies: half a second. */
async function small(root: string, name: string, out: string, go: string): Promise<void> {
  if (existsSync(out)) return;
  await run(go, ['build', '-trimpath', '-ldflags', '-s -w', '-o', out, `./${name}`], {
    cwd: path.join(root, 'tools/cluster/go/small'),
    env: { ...process.env, CGO_ENABLED: '0' },
  });
}

/** `localhost/<name>:local` with the program as its entry point; kept under the name of the program that is in it. */
async function image(home: string, { name, program }: Workload): Promise<void> {
  const place = path.join(home, 'images', `${name}.tar`);
  const stamp = path.join(home, 'images', `${name}.from`);
  const from = path.basename(program);
  if (existsSync(place) && (await readFile(stamp, 'utf8').catch(() => '')) === from) return;
  const text = (value: string): Buffer => Buffer.from(value);
  const { archive } = imageArchive({
    name: `localhost/${name}:local`,
    architecture: ARCHITECTURES[process.arch]?.architecture ?? process.arch,
    created: '1970-01-01T00:00:00Z',
    layers: [
      {
        from: from,
        tar: tar([
          { kind: 'file', path: name, mode: 0o755, content: await readFile(program) },
          { kind: 'file', path: 'etc/passwd', mode: 0o644, content: text('root:x:0:0:root:/:/\n') },
          { kind: 'folder', path: 'tmp', mode: 0o1777 },
        ]),
      },
    ],
    config: { User: '0', Env: ['PATH=/'], Entrypoint: [`/${name}`] },
    annotations: {},
  });
  await writeFile(`${place}.part`, archive);
  await rename(`${place}.part`, place);
  await writeFile(stamp, from);
}
