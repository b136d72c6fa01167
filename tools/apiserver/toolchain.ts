/** etcd and kube-apiserver: how each is found or made. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { onPath, type Tool } from '../peers/toolchain.ts';

const run = promisify(execFile);

/** The release in `go.mod`. */
export const KUBERNETES_VERSION = 'v1.36.3';

/** Debian's etcd, installed where it is absent and we may. Its service is not wanted: tests start their own. */
export async function etcd(searchPath: string): Promise<Tool> {
  const found = onPath('etcd', searchPath);
  if (found.path !== undefined) return found;
  if (onPath('apt-get', searchPath).path === undefined || process.getuid?.() !== 0)
    return { name: 'etcd', missing: 'no `etcd` on the path, and no root to install etcd-server' };
  try {
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'etcd-server'], {
      // RUNLEVEL=1 keeps invoke-rc.d from starting the service it brings.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
  } catch (error) {
    return { name: 'etcd', missing: `etcd-server could not be installed: ${reason(error)}` };
  }
  return onPath('etcd', searchPath);
}

/** The pinned kube-apiserver, built into `cache` on first use (four minutes on two cores, then kept). */
export async function apiserver(root: string, cache: string, go: Tool): Promise<Tool> {
  const name = 'kube-apiserver';
  const binary = path.join(cache, `${name}-${KUBERNETES_VERSION}`);
  if (existsSync(binary)) return { name, path: binary };
  if (go.path === undefined) return { name, missing: 'it is built with Go, and there is none' };
  await mkdir(cache, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  const [major, minor] = KUBERNETES_VERSION.slice(1).split('.');
  const version = 'k8s.io/component-base/version';
  const ldflags = [
    '-s -w',
    `-X ${version}.gitVersion=${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ].join(' ');
  console.log(`building ${name} ${KUBERNETES_VERSION}: some minutes, once`);
  try {
    await run('nice', [go.path, 'build', '-trimpath', '-ldflags', ldflags, '-o', partial, '.'], {
      cwd: path.join(root, 'tools/apiserver'),
      env: { ...process.env, CGO_ENABLED: '0' },
      maxBuffer: 16 * 1024 * 1024,
    });
    await rename(partial, binary);
  } catch (error) {
    return { name, missing: `it could not be built: ${reason(error)}` };
  }
  return { name, path: binary };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 2000) : String(error);
}
