/** What a machine must have for the node, beyond packages that can be installed: said before anything is built. */

import { existsSync, readFileSync } from 'node:fs';

/** Bits of linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

/** @returns sentences for people; empty when a node can run here */
export function unmetRequirements(): string[] {
  if (process.platform !== 'linux') return [`it needs Linux, and this is ${process.platform}`];
  const unmet: string[] = [];
  if (process.getuid?.() !== 0) unmet.push('it needs root, for namespaces, cgroups and network links');
  const effective = capabilities(readFileSync('/proc/self/status', 'utf8'));
  for (const [name, bit] of Object.entries(CAPABILITIES)) {
    if (((effective >> BigInt(bit)) & 1n) === 0n) unmet.push(`it needs ${name}`);
  }
  if (!existsSync('/sys/fs/cgroup/memory'))
    unmet.push('it is written for cgroup v1, which is not mounted here');
  return unmet;
}

function capabilities(status: string): bigint {
  const [, hex = '0'] = /^CapEff:\s*([0-9a-f]+)$/mu.exec(status) ?? [];
  return BigInt(`0x${hex}`);
}
