/** What the node's kernel knows of a Pod, and what it can do to one. */

import { inNode, kubectl } from './node.ts';
import { NAMESPACE, type Pod } from './release.ts';

function cgroup(pod: Pod): string {
  return `/sys/fs/cgroup/memory/kubepods/${pod.status.qosClass.toLowerCase()}/pod${pod.metadata.uid}`;
}

/** Ends everything in a controller's pod at once, as a node that loses power would, and the pod with it: no word to anybody. */
export async function kill(pod: Pod): Promise<void> {
  await inNode(['sh', '-c', `kill -KILL $(cat ${cgroup(pod)}/*/cgroup.procs)`]);
  const at = [pod.metadata.name, '-n', NAMESPACE] as const;
  await kubectl('delete', 'pod', ...at, '--grace-period=0', '--force', '--wait=false');
}

export interface Memory {
  /** Bytes. */
  readonly limit: number;
  /** Most bytes at once: what the limit is held against, files that were read among them. */
  readonly peak: number;
  /** What its processes hold for themselves now. */
  readonly rss: number;
  /** How often the kernel had to end a process for want of memory. */
  readonly ended: number;
}

export async function memory(pod: Pod): Promise<Memory> {
  const read = (name: string): Promise<string> => inNode(['cat', `${cgroup(pod)}/${name}`]);
  const [, ended = ''] = /^oom_kill (\d+)$/mu.exec(await read('memory.oom_control')) ?? [];
  const [, rss = ''] = /^total_rss (\d+)$/mu.exec(await read('memory.stat')) ?? [];
  return {
    limit: Number(await read('memory.limit_in_bytes')),
    peak: Number(await read('memory.max_usage_in_bytes')),
    rss: Number(rss),
    ended: Number(ended),
  };
}
