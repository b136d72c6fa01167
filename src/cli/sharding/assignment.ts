/** Which shard a namespace is of, and which member each shard is for. Pure: every instance comes to the same answer. */
import { createHash } from 'node:crypto';

/** The shard of a namespace, from 0. Objects of no namespace are of shard 0. */
export function shardOf(namespace: string | undefined, shards: number): number {
  return namespace === undefined || namespace === '' ? 0 : Number(weight(namespace) % BigInt(shards));
}

/**
 * Rendezvous hashing with an upper bound: of the members that have room, the one with the highest weight for a shard
 * takes it. No member gets more than its even share rounded up, and none is without while another has two.
 * @returns for each shard its member; undefined when there are no members
 */
export function assign(members: readonly string[], shards: number): (string | undefined)[] {
  const known = [...new Set(members)].toSorted();
  const held = new Map(known.map((member) => [member, 0]));
  const most = Math.ceil(shards / Math.max(1, known.length));
  // So many members may have the larger share that all shards are taken and everybody else has one less.
  let large = shards - (most - 1) * known.length;
  return Array.from({ length: shards }, (_, shard) => {
    let best: { member: string; weight: bigint } | undefined;
    for (const member of known) {
      const has = held.get(member) ?? 0;
      if (has >= most || (has === most - 1 && large <= 0)) continue;
      const mine = weight(`${shard}/${member}`);
      if (best === undefined || mine > best.weight) best = { member, weight: mine };
    }
    if (best === undefined) return undefined;
    const has = (held.get(best.member) ?? 0) + 1;
    held.set(best.member, has);
    if (has === most) large -= 1;
    return best.member;
  });
}

function weight(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigUInt64BE();
}
