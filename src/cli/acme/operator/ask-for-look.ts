/** After a revocation: has the controller ask the CA about the certificate now, not at its next usual look (RFC 9773 §4.3). */
import type { Certificate } from '../../../api/certificate.ts';
import { certificates } from '../../../api/resources.ts';
import { secondsText } from '../../../api/seconds-text.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Cluster } from './cluster.ts';

const fieldManager = 'certwright-acme';

/** `none`: the CA was never asked about it (it offers no renewal information, or nobody is to ask). */
export type Look =
  | { kind: 'asked' }
  | { kind: 'none' }
  | { kind: 'refused'; why: string; nextCheck?: string };

/**
 * Brings `status.acme.ari.nextCheck` forward. Never rejects for what the API says: the certificate is revoked already, and
 * that has to be told.
 */
export async function askForLook(
  { client, clock }: Pick<Cluster, 'client' | 'clock'>,
  { metadata, status }: Certificate,
): Promise<Look> {
  const { namespace = '', name = '' } = metadata ?? {};
  const ari = status?.acme?.ari;
  if (ari === undefined) return { kind: 'none' };
  // The time of the controller's last look has passed by its own clock, whatever ours says.
  const nextCheck = ari.lastChecked ?? secondsText(clock.now());
  const change = { status: { acme: { ari: { nextCheck } } } };
  try {
    const options = { fieldManager, subresource: 'status' } as const;
    await client.patch<Certificate>(certificates, { namespace, name }, 'merge', change, options);
    return { kind: 'asked' };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return {
      kind: 'refused',
      why: error.message,
      ...(ari.nextCheck === undefined ? {} : { nextCheck: ari.nextCheck }),
    };
  }
}
