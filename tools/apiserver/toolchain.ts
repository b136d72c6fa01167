/** etcd and the programs of Kubernetes: how each is found or made. The one place that builds the latter. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { onPath, type Tool } from '../peers/toolchain.ts';

const run = promisify(execFile);

/** The release in `go.mod`. */
export const KUBERNETES_VERSION = 'v1.36.3';

/** What can be built: the `tool` lines of `go.mod`. */
export const PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
] as const;
export type Program = (typeof PROGRAMS)[number];

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

/** Where `kubernetesProgram` puts a program, for whoever only wants to know whether it is there. */
export function programFile(root: string, name: Program): string {
  return path.join(root, '.cache/cluster', `${name}-${KUBERNETES_VERSION}`);
}

/**
 * The pinned program, built into `.cache/cluster/<program>-<version>` on first use and then kept. The first takes about
 * four minutes on two idle cores; the others share most of it through Go's own cache.
 */
export async function kubernetesProgram(root: string, name: Program, go: Tool): Promise<Tool> {
  const binary = programFile(root, name);
  if (existsSync(binary)) return { name, path: binary };
  if (go.path === undefined) return { name, missing: 'it is built with Go, and there is none' };
  await mkdir(path.dirname(binary), { recursive: true });
  const partial = `${binary}.${process.pid}`;
  const [major, minor] = KUBERNETES_VERSION.slice(1).split('.');
  const version = 'k8s.io/component-base/version';
  const ldflags = [
    '-s -w',
    `-X ${version}.gitVersion=${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ].join(' ');
  console.error(`building ${name} ${KUBERNETES_VERSION}: some minutes, once`);
  const source = `k8s.io/kubernetes/cmd/${name}`;
  try {
    await run('nice', [go.path, 'build', '-trimpath', '-ldflags', ldflags, '-o', partial, source], {
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
