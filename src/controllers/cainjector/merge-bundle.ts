/** What becomes of a CA bundle when a CA is injected into it: pure (spec/shims-webhook-cainjector.md §21, step 5). */
import { PkiError } from '../../pki/errors.ts';
import { decodePem, defaultPemLimits, encodePem, type PemBlock } from '../../pki/pem.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';

/** Largest bundle that is read or written, in bytes. */
export const longestBundle = defaultPemLimits.bundle;

export type MergedBundle =
  /** `pem` is what the field should hold. */
  | { kind: 'write'; pem: string }
  /** The field says it already. */
  | { kind: 'unchanged' }
  /** The source is not fit for being trusted: the field stays as it is. */
  | { kind: 'refused'; why: string };

interface Trusted {
  der: Buffer;
  expired: boolean;
}

/**
 * Certificates of the field first, then those of the source, each once, none that has expired. Old CAs stay until they
 * expire, so that a rotation breaks nobody. Where the field cannot be read, the source takes its place.
 *
 * @param current what the field holds, empty for nothing
 * @param source the CA that is to be trusted
 * @param now milliseconds since the epoch
 */
export function mergeBundle(current: Uint8Array, source: Uint8Array, now: number): MergedBundle {
  const blocks = blocksOf(source);
  if (blocks === undefined) return { kind: 'refused', why: 'ca.crt is not PEM with certificates only' };
  const wanted = readAll(blocks, now);
  // Certificates that we are too strict for: the API server may know better than we do what it can use.
  if (wanted === undefined) return replace(current, encode(blocks.map(({ der }) => der)));
  const fresh = distinct(valid(wanted));
  if (fresh.length === 0) return { kind: 'refused', why: 'every certificate in ca.crt has expired' };
  const present = readAll(blocksOf(current) ?? [], now);
  if (present === undefined || present.length === 0) return replace(current, encode(fresh));
  const merged = distinct([...valid(present), ...fresh]);
  if (
    sameList(
      merged,
      present.map(({ der }) => der),
    )
  )
    return { kind: 'unchanged' };
  const pem = encode(merged);
  return replace(current, pem.length > longestBundle ? encode(fresh) : pem);
}

/** Undefined when it is no PEM, or holds anything but certificates: a private key, say, that nobody meant to publish. */
function blocksOf(pem: Uint8Array): PemBlock[] | undefined {
  try {
    const blocks = decodePem(pem, longestBundle);
    const fit = blocks.length > 0 && blocks.every(({ label }) => label === 'CERTIFICATE');
    return fit ? blocks : undefined;
  } catch (error) {
    if (error instanceof PkiError) return undefined;
    throw error;
  }
}

/** Undefined when one of them is no certificate. */
function readAll(blocks: readonly PemBlock[], now: number): Trusted[] | undefined {
  try {
    return blocks.map(({ der }) => {
      return { der, expired: parseCertificate(der).notAfter.getTime() < now };
    });
  } catch (error) {
    if (error instanceof PkiError) return undefined;
    throw error;
  }
}

function valid(certificates: readonly Trusted[]): Buffer[] {
  return certificates.filter(({ expired }) => !expired).map(({ der }) => der);
}

function distinct(certificates: readonly Buffer[]): Buffer[] {
  return [...new Map(certificates.map((der) => [der.toString('latin1'), der])).values()];
}

function sameList(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  return a.length === b.length && a.every((der, index) => b[index]?.equals(der) === true);
}

function encode(certificates: readonly Buffer[]): string {
  return certificates.map((der) => encodePem('CERTIFICATE', der)).join('');
}

function replace(current: Uint8Array, pem: string): MergedBundle {
  return Buffer.from(pem).equals(current) ? { kind: 'unchanged' } : { kind: 'write', pem };
}
