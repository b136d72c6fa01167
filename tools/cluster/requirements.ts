/** What a machine must have for the node, beyond packages that can be installed: said before anything is built. */

import { existsSync, readFileSync } from 'node:fs';

/** Bits of linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

/** @returns sentences for people; empty when a node can run here */
export function unmetRequirements(): string[] {
  if (process.platform !== 'linux') return [`it needs Linux, and this is ${process.platform}`];
  const unmet: string[] = [];
  if (process.getuid?.() !== 0) unmet.push('it needs root, for namespaces, cgroups and network links');
  const status = readFileSync('/proc/self/status', 'utf8');
  unmet.push(...missingCapabilities(status).map((name) => `it needs ${name}`));
  if (!existsSync('/sys/fs/cgroup/memory'))
    unmet.push('it is written for cgroup v1, which is not mounted here');
  return unmet;
}

/** @param status text of `/proc/<pid>/status` */
export function missingCapabilities(status: string): string[] {
  const [, hex = '0'] = /^CapEff:\s*([0-9a-f]+)$/mu.exec(status) ?? [];
  const effective = BigInt(`0x${hex}`);
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => name);
}
