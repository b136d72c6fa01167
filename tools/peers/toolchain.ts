/** The programs at the other end of the peers lane: how each is found or made. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The release of `tools/peers/kubectl/go.mod`: module v0.N.P is Kubernetes v1.N.P. */
export const KUBECTL_VERSION = 'v1.36.3';

/** A program a peer test needs, and where it is; `missing` says why there is none. */
export interface Tool {
  readonly name: string;
  readonly path?: string;
  readonly missing?: string;
}

/** The program on the path, or in one of the places where distributions put it. */
export function onPath(name: string, searchPath: string, places: readonly string[] = []): Tool {
  for (const folder of [...searchPath.split(':'), ...places]) {
    const candidate = path.join(folder, name);
    if (folder !== '' && existsSync(candidate)) return { name, path: candidate };
  }
  return { name, missing: `no \`${name}\` on the path` };
}

/** What Debian calls the package of a program that we may install where it is absent. */
const PACKAGES: Readonly<Record<string, string>> = {
  dig: 'bind9-dnsutils',
  keytool: 'default-jre-headless',
  named: 'bind9',
  openssl: 'openssl',
  'systemd-analyze': 'systemd',
};

/** A program of Debian, installed where it is absent and we may (root with apt-get). */
export async function ofDebian(
  name: string,
  searchPath: string,
  places: readonly string[] = [],
  isRoot = process.getuid?.() === 0,
): Promise<Tool> {
  const found = onPath(name, searchPath, places);
  const wanted = PACKAGES[name];
  if (found.path !== undefined || wanted === undefined) return found;
  const aptGet = onPath('apt-get', searchPath).path;
  if (aptGet === undefined || !isRoot)
    return { name, missing: `no \`${name}\` on the path, and no root to install ${wanted}` };
  // Its service would begin to answer on port 53 of a machine that somebody works on.
  if (name === 'named' && process.env['CI'] !== 'true' && existsSync('/run/systemd/system'))
    return { name, missing: `no \`named\` on the path; install ${wanted} and stop its service` };
  try {
    await run(aptGet, ['update', '-qq']);
    await run(aptGet, ['install', '-y', '-qq', '--no-install-recommends', wanted], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    return { name, missing: `${wanted} could not be installed: ${reason(error)}` };
  }
  return onPath(name, searchPath, places);
}

/** The pinned kubectl, built into `cache` on first use (about two minutes on two cores, then kept). */
export async function kubectl(root: string, cache: string, go: Tool): Promise<Tool> {
  const binary = path.join(cache, `kubectl-${KUBECTL_VERSION}`);
  if (existsSync(binary)) return { name: 'kubectl', path: binary };
  if (go.path === undefined)
    return { name: 'kubectl', missing: 'kubectl is built with Go, and there is none' };
  await mkdir(cache, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${KUBECTL_VERSION}`;
  try {
    await run(go.path, ['build', '-trimpath', '-ldflags', ldflags, '-o', partial, '.'], {
      cwd: path.join(root, 'tools/peers/kubectl'),
      maxBuffer: 16 * 1024 * 1024,
    });
    await rename(partial, binary);
  } catch (error) {
    return { name: 'kubectl', missing: `kubectl could not be built: ${reason(error)}` };
  }
  return { name: 'kubectl', path: binary };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 2000) : String(error);
}
