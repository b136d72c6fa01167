/** Names the CertificateRequests that wait for somebody to approve them, and the command that does. */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { certificateRequests } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';

/** So many are read, and shown. */
const limit = 200;
const shown = 10;

/** Neither approved nor denied nor done with. */
export async function unapproved(client: Pick<KubeClient, 'list'>): Promise<CertificateRequest[]> {
  const { items } = await client.list<CertificateRequest>(certificateRequests, { limit });
  return items.filter(
    ({ status }) =>
      !(status?.conditions ?? []).some(
        ({ type, status: is }) => is === 'True' && ['Approved', 'Denied', 'Ready'].includes(type),
      ),
  );
}

/** Empty when nothing waits. The patch is that of docs/troubleshooting.md. */
export function renderUnapproved(requests: readonly CertificateRequest[]): string {
  const [first] = requests;
  if (first === undefined) return '';
  const names = requests
    .slice(0, shown)
    .map(({ metadata }) => `  ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}\n`)
    .join('');
  const more = requests.length > shown ? `  ... and ${requests.length - shown} more\n` : '';
  const condition = { type: 'Approved', status: 'True', reason: 'ByHand', message: 'approved by hand' };
  const patch = JSON.stringify({ status: { conditions: [condition] } });
  return [
    'Nobody has approved these CertificateRequests (--no-auto-approve leaves that to you):\n',
    names,
    more,
    'While Certwright runs without --once, approve one with cmctl approve, or with\n',
    `  kubectl patch certificaterequest ${first.metadata?.name ?? ''} --namespace ${first.metadata?.namespace ?? ''} --subresource=status --type=merge -p '${patch}'\n`,
  ].join('');
}
