/**
 * The change of an account key (RFC 8555 §7.3.5), crash-safe: the next key is stored beside the one in use before the CA
 * hears of it, and takes its place in one write. Between the two only the CA knows which one counts, and it is asked.
 */
import type { AcmeClient } from '../../acme/acme-client.ts';
import { AcmeProblemError } from '../../acme/errors.ts';
import { accountKeyRollover } from '../../api/annotations.ts';
import type { Secret } from '../../api/core.ts';
import { decodePrivateKey } from '../../pki/keys.ts';
import { PkiError } from '../../pki/errors.ts';
import { fingerprintOf, type AccountKey } from './account-key.ts';

/** After this long whoever began is taken for dead, and the controller ends what was begun. */
export const rolloverPatienceMs = 2 * 60_000;

export interface PendingKey {
  /** Undefined: the entry is there and holds no key. */
  key: AccountKey | undefined;
  /** When it was begun, in milliseconds since the epoch; undefined: nobody wrote it down. */
  since: number | undefined;
}

/** Where the next key waits, in the Secret of the account key. */
export const nextEntry = (entry: string): string => `${entry}.next`;

/** A change that was begun and not ended. While there is one nothing is signed: either key may be the wrong one. */
export function pendingKeyIn(secret: Secret, entry: string): PendingKey | undefined {
  const value = secret.data?.[nextEntry(entry)];
  if (value === undefined) return undefined;
  const since = Date.parse(secret.metadata?.annotations?.[accountKeyRollover] ?? '');
  const pem = Buffer.from(value, 'base64').toString('utf8');
  return { key: keyOf(pem), since: Number.isNaN(since) ? undefined : since };
}

function keyOf(pem: string): AccountKey | undefined {
  try {
    return { pem, fingerprint: fingerprintOf(decodePrivateKey(pem)) };
  } catch (error) {
    if (error instanceof PkiError) return undefined;
    throw error;
  }
}

/** Whether somebody may still be at it. */
export function isUnderWay({ since }: PendingKey, now: number): boolean {
  return since !== undefined && Math.abs(now - since) < rolloverPatienceMs;
}

/** A JSON merge patch that holds only for the Secret as it was read (`metadata.resourceVersion`). */
export type SecretChange = Readonly<Record<'metadata' | 'data', Readonly<Record<string, unknown>>>>;

export function beginRollover(secret: Secret, entry: string, pem: string, now: number): SecretChange {
  return change(secret, new Date(now).toISOString(), { [nextEntry(entry)]: base64(pem) });
}

/** The next key takes the place of the one that the CA has forgotten. */
export function finishRollover(secret: Secret, entry: string): SecretChange {
  return change(secret, null, { [entry]: secret.data?.[nextEntry(entry)] ?? null, [nextEntry(entry)]: null });
}

export function abandonRollover(secret: Secret, entry: string): SecretChange {
  return change(secret, null, { [nextEntry(entry)]: null });
}

function change(secret: Secret, since: string | null, data: Record<string, string | null>): SecretChange {
  const { resourceVersion } = secret.metadata ?? {};
  return { metadata: { resourceVersion, annotations: { [accountKeyRollover]: since } }, data };
}

/**
 * Whether the CA has taken the next key. Rejects with the errors of the client when it does not say.
 * @param next a client of the next key that was told no account URL
 */
export async function hasTaken(next: AcmeClient): Promise<boolean> {
  try {
    await next.findAccount();
    return true;
  } catch (error) {
    if (error instanceof AcmeProblemError && error.isAccountMissing) return false;
    throw error;
  }
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
