/** What the Orders of Certificates that are not Ready wait for: the reasons stand two objects further down. */
import { certificateName } from '../../api/annotations.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { Order } from '../../api/order.ts';
import { challenges, orders } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';

/** Names of one Order may be a hundred, and fail for one reason. */
const mostShown = 3;

/** By name of the Certificate: one line for what its Order or its Challenges say. Nothing for Certificates without. */
export async function openChallenges(
  client: KubeClient,
  namespace: string,
): Promise<ReadonlyMap<string, string>> {
  const [ordersThere, challengesThere] = await Promise.all([
    client.list<Order>(orders, { namespace }),
    client.list<Challenge>(challenges, { namespace }),
  ]);
  const lines = new Map<string, string>();
  for (const { metadata, status } of ordersThere.items) {
    const certificate = metadata?.annotations?.[certificateName];
    if (certificate === undefined || status?.state === 'valid') continue;
    const own = challengesThere.items.filter((challenge) =>
      challenge.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid),
    );
    const reasons = own.flatMap(({ spec, status: its }) =>
      its?.reason === undefined || its.reason === '' || its.state === 'valid'
        ? []
        : [`${spec.dnsName} by ${spec.type}: ${its.reason}`],
    );
    const more = reasons.length > mostShown ? ` and ${reasons.length - mostShown} more names` : '';
    const line =
      reasons.length > 0 ? `${reasons.slice(0, mostShown).join('; ')}${more}` : (status?.reason ?? '');
    if (line !== '') lines.set(certificate, line);
  }
  return lines;
}
