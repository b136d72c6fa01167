/** The programs beside Kubernetes that the node runs or needs: each a pinned module in `go/`, built once and kept. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import type { Tool } from '../peers/toolchain.ts';

const run = promisify(execFile);

/** Package and module of each, and where it keeps its version. The version itself is in `go/<name>/go.mod`. */
const PROGRAMS = {
  helm: {
    module: 'helm.sh/helm/v3',
    source: 'helm.sh/helm/v3/cmd/helm',
    stamp: 'helm.sh/helm/v3/internal/version.version',
  },
  coredns: { module: 'github.com/coredns/coredns', source: 'github.com/coredns/coredns' },
  traefik: {
    module: 'github.com/traefik/traefik/v3',
    source: 'github.com/traefik/traefik/v3/cmd/traefik',
    stamp: 'github.com/traefik/traefik/v3/pkg/version.Version',
  },
} as const;
export type GoProgram = keyof typeof PROGRAMS;

/** helm, for whoever renders or installs the chart. */
export function helm(root: string, go: Tool): Promise<Tool> {
  return goProgram(root, 'helm', go);
}

/**
 * The pinned program in `.cache/cluster/<name>-<version>`, built on first use: one minute for helm, two for CoreDNS and
 * five for Traefik on two idle cores.
 */
export async function goProgram(root: string, name: GoProgram, go: Tool): Promise<Tool> {
  const program: { module: string; source: string; stamp?: string } = PROGRAMS[name];
  const folder = path.join(root, 'tools/cluster/go', name);
  const version = requiredVersion(await readFile(path.join(folder, 'go.mod'), 'utf8'), program.module);
  const binary = path.join(root, '.cache/cluster', `${name}-${version}`);
  if (existsSync(binary)) return { name, path: binary };
  if (go.path === undefined) return { name, missing: 'it is built with Go, and there is none' };
  await mkdir(path.dirname(binary), { recursive: true });
  const partial = `${binary}.${process.pid}`;
  const stamp = program.stamp === undefined ? '' : ` -X ${program.stamp}=${version}`;
  console.error(`building ${name} ${version}: some minutes, once`);
  try {
    await run(
      'nice',
      [go.path, 'build', '-trimpath', '-ldflags', `-s -w${stamp}`, '-o', partial, program.source],
      {
        cwd: folder,
        env: { ...process.env, CGO_ENABLED: '0' },
        maxBuffer: 16 * 1024 * 1024,
      },
    );
    await rename(partial, binary);
  } catch (error) {
    return { name, missing: `it could not be built: ${reason(error)}` };
  }
  return { name, path: binary };
}

/** The version of a module in the text of a `go.mod`. */
export function requiredVersion(goMod: string, module: string): string {
  const lines = goMod.split('\n').map((line) =>
    line
      .replace(/^require /u, '')
      .trim()
      .split(' '),
  );
  const version = lines.find(([name]) => name === module)?.[1];
  if (version === undefined) throw new Error(`go.mod does not require ${module}`);
  return version;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 2000) : String(error);
}
