/** Everything that a cluster on loopback is made of, found or built, and what is missing when something is. */

import path from 'node:path';

import { kubectl, onPath, type Tool } from '../peers/toolchain.ts';
import type { Binaries } from './start.ts';
import { etcd, kubernetesProgram } from './toolchain.ts';

export interface ClusterTools {
  /** One line per program: where it is, or why there is none. */
  readonly report: readonly string[];
  readonly missing: readonly string[];
  /** Absent when anything is missing. */
  readonly binaries?: Required<Binaries> & { readonly kubectl: string };
}

/** `root` is the repository; `searchPath` the value of PATH. Building takes minutes the first time. */
export async function clusterTools(root: string, searchPath: string): Promise<ClusterTools> {
  const go = onPath('go', searchPath, ['/usr/local/go/bin']);
  const tools: Tool[] = [
    onPath('openssl', searchPath),
    await etcd(searchPath),
    await kubectl(root, path.join(root, '.cache/peers'), go),
    await kubernetesProgram(root, 'kube-apiserver', go),
    await kubernetesProgram(root, 'kube-controller-manager', go),
  ];
  const report = tools.map((tool) => `${tool.name}: ${tool.path ?? `missing (${tool.missing})`}`);
  const missing = tools.filter((tool) => tool.path === undefined).map((tool) => tool.name);
  if (missing.length > 0) return { report, missing };
  const found = (name: string): string => tools.find((tool) => tool.name === name)?.path ?? '';
  return {
    report,
    missing,
    binaries: {
      etcd: found('etcd'),
      apiserver: found('kube-apiserver'),
      controllerManager: found('kube-controller-manager'),
      kubectl: found('kubectl'),
    },
  };
}
