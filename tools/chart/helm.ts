/** Helm: how it is found or made, and how it is run. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Tool } from '../peers/toolchain.ts';

const run = promisify(execFile);

export const root = resolve(import.meta.dirname, '../..');
export const chart = join(root, 'charts/certwright');

/** The release in `helm/go.mod`. */
export const helmVersion = 'v3.22.0';
export const helmFile = join(root, '.cache/cluster', `helm-${helmVersion}`);

/** The pinned program, built on first use and then kept. */
export async function helmProgram(go: Tool): Promise<Tool> {
  const name = 'helm';
  if (existsSync(helmFile)) return { name, path: helmFile };
  if (go.path === undefined) return { name, missing: 'it is built with Go, and there is none' };
  await mkdir(join(root, '.cache/cluster'), { recursive: true });
  const partial = `${helmFile}.${process.pid}`;
  console.error(`building ${name} ${helmVersion}: some minutes, once`);
  try {
    await run(
      'nice',
      [
        go.path,
        'build',
        '-ldflags',
        `-s -w -X helm.sh/helm/v3/internal/version.version=${helmVersion}`,
        '-o',
        partial,
        'helm.sh/helm/v3/cmd/helm',
      ],
      {
        cwd: join(import.meta.dirname, 'helm'),
        env: { ...process.env, CGO_ENABLED: '0' },
        maxBuffer: 16 * 1024 * 1024,
      },
    );
    await rename(partial, helmFile);
  } catch (error) {
    return {
      name,
      missing: `it could not be built: ${error instanceof Error ? error.message.slice(0, 2000) : ''}`,
    };
  }
  return { name, path: helmFile };
}

/** What it printed. Rejects with an error that has `stderr` when it ends with another code than 0. */
export async function helm(args: readonly string[]): Promise<string> {
  const { stdout } = await run(helmFile, [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Kubernetes 1.36 as its API server describes itself: no cluster is asked. */
const kubernetes136 = [
  '--kube-version=1.36.3',
  '--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy',
];

/** The manifests of a release in the namespace cert-manager. */
export function helmTemplate(args: readonly string[] = [], server = kubernetes136): Promise<string> {
  return helm(['template', 'certwright', chart, '--namespace=cert-manager', ...server, ...args]);
}
