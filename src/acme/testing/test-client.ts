/** A client with a fresh key for a fake CA, and a clock that the test moves. */
import type { AcmeClient } from '../acme-client.ts';
import { createAcmeClient, type AcmeClientOptions, type RoundTrip } from '../create-client.ts';
import { readAccountKey } from '../account-key.ts';
import { encodePrivateKey, generateKey, type KeyRequest } from '../../pki/keys.ts';

export interface TestClient extends AcmeClient {
  trips: RoundTrip[];
  clock: { now: number };
  pem: string;
}

export async function testClient(
  directoryUrl: string,
  change: Partial<AcmeClientOptions> & { key?: KeyRequest } = {},
): Promise<TestClient> {
  const { key = { algorithm: 'ECDSA' }, ...rest } = change;
  const pem = change.accountKeyPem ?? encodePrivateKey(await generateKey(key));
  const clock = { now: Date.parse('2026-11-22T08:00:00Z') };
  const trips: RoundTrip[] = [];
  const client = createAcmeClient({
    directoryUrl,
    accountKeyPem: pem,
    userAgent: 'certwright/test (linux/amd64)',
    now: () => clock.now,
    random: () => 0,
    pause: () => Promise.resolve(),
    observe: (trip) => trips.push(trip),
    ...rest,
  });
  return Object.assign(client, { trips, clock, pem });
}

export const jwkOf = (pem: string): Record<string, string> => ({ ...readAccountKey(pem).jwk });
