/** Ordering a set of certificates into one chain (lifecycle §16). */
import { ChainError } from '../errors.ts';
import type { ParsedCertificate } from './parse-certificate.ts';
import { isSelfSigned, verifySignedBy } from './verify-signed-by.ts';

export interface CertificateChain {
  /** Leaf first, self-signed certificates left out (unless it is the only one). */
  chain: ParsedCertificate[];
  /** The top: a self-signed root, or the highest intermediate. Undefined for a single certificate that is no root. */
  ca: ParsedCertificate | undefined;
  /** {@link chain} as PEM. */
  chainPem: string;
  /** {@link ca} as PEM. */
  caPem: string | undefined;
}

const maxCertificates = 1000;

/** Signature checks allowed per certificate; more means that names are repeated to make the search expensive. */
const checksPerCertificate = 8;

/**
 * Orders certificates given in any order, duplicates allowed, dates ignored.
 * @throws ChainError when there are more than 1000, or when they are not exactly one line
 */
export function buildChain(certificates: readonly ParsedCertificate[]): CertificateChain {
  const unique = new Map(
    certificates.map((certificate) => [certificate.der.toString('latin1'), certificate]),
  );
  const all = [...unique.values()];
  if (all.length === 0) throw new ChainError('There is no certificate to make a chain of');
  if (all.length > maxCertificates) {
    throw new ChainError(
      `certificate chain is too long, must be less than ${maxCertificates} certificates (found ${all.length})`,
    );
  }
  return chainOf(orderLine(all));
}

/** Leaf to top. Every certificate but the top has its parent in the set, and no two share one. */
function orderLine(all: readonly ParsedCertificate[]): ParsedCertificate[] {
  const only = all[0];
  if (only !== undefined && all.length === 1) return [only];
  const bySubject = Map.groupBy(all, (certificate) => certificate.subjectDer.toString('latin1'));
  const parents = new Map<ParsedCertificate, ParsedCertificate>();
  const children = new Map<ParsedCertificate, ParsedCertificate>();
  let checks = all.length * checksPerCertificate;
  for (const child of all) {
    const candidates = bySubject.get(child.issuerDer.toString('latin1')) ?? [];
    for (const candidate of candidates) {
      if (candidate === child || children.has(candidate)) continue;
      if (checks-- <= 0) throw new ChainError('The certificates share too many names to find their chain');
      if (!verifySignedBy(child, candidate) || leadsTo(parents, candidate, child)) continue;
      parents.set(child, candidate);
      children.set(candidate, child);
      break;
    }
  }
  const leaves = all.filter((certificate) => !children.has(certificate));
  const leaf = leaves[0];
  if (leaf === undefined || leaves.length !== 1) throw broken(all.length, leaves.length);
  const line: ParsedCertificate[] = [];
  for (let at: ParsedCertificate | undefined = leaf; at !== undefined; at = parents.get(at)) line.push(at);
  if (line.length !== all.length) throw broken(all.length, leaves.length);
  return line;
}

/** True when going up from `from` meets `to`: joining them would close a circle. */
function leadsTo(
  parents: ReadonlyMap<ParsedCertificate, ParsedCertificate>,
  from: ParsedCertificate,
  to: ParsedCertificate,
): boolean {
  for (let at: ParsedCertificate | undefined = from; at !== undefined; at = parents.get(at))
    if (at === to) return true;
  return false;
}

function broken(count: number, lines: number): ChainError {
  return new ChainError(
    `certificate chain is malformed or broken: ${count} certificates form ${Math.max(lines, 1)} lines instead of one`,
  );
}

function chainOf(line: readonly ParsedCertificate[]): CertificateChain {
  const top = line[line.length - 1];
  if (top === undefined) throw broken(0, 0);
  const rooted = isSelfSigned(top);
  const single = line.length === 1;
  const chain = rooted && !single ? line.slice(0, -1) : [...line];
  const ca = single && !rooted ? undefined : top;
  return { chain, ca, chainPem: chain.map(({ pem }) => pem).join(''), caPem: ca?.pem };
}
