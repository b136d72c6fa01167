/** Which records at `_validation-persist` the next renewals need: from Certificates and their issuers, pure. */
import type { Certificate } from '../../api/certificate.ts';
import type { DnsPersist01Solver } from '../../api/solver-dns-persist01.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { solverSections } from '../../solvers/registry.ts';
import { selectSolver } from '../order/select-solver.ts';

export interface WatchedRecord {
  dnsName: string;
  /** For one Certificate at least the name is wanted as a wildcard. */
  wildcard: boolean;
  section: DnsPersist01Solver;
  accountUri: string;
  certificates: readonly Certificate[];
}

/** More names than this in all are not looked at: the DNS is somebody else's. */
export const mostRecords = 5_000;

const offers = (types: readonly string[]) => types.map((type) => ({ type, url: '', token: '' }));
/** A CA that has the challenge at all is taken to have the others, too: only then may another solver be chosen. */
const forNames = offers(Object.values(solverSections).map(({ acme }) => acme));
const forWildcards = offers(['dns-01', 'dns-persist-01']);

/** Of Certificates that were issued; while the first certificate is waited for, its Challenge says what is missing. */
export function watchedRecords(
  certificates: Iterable<Certificate>,
  issuerOf: (certificate: Certificate) => AnyIssuer | undefined,
): Map<string, WatchedRecord> {
  const found = new Map<string, WatchedRecord & { certificates: Certificate[] }>();
  for (const certificate of certificates) {
    if (certificate.status?.notAfter === undefined) continue;
    const issuer = issuerOf(certificate);
    const solvers = issuer?.spec.acme?.solvers ?? [];
    const accountUri = issuer?.status?.acme?.uri ?? '';
    if (accountUri === '' || !solvers.some(({ dnsPersist01 }) => dnsPersist01 !== undefined)) continue;
    for (const name of certificate.spec.dnsNames ?? []) {
      const wildcard = name.startsWith('*.');
      const dnsName = (wildcard ? name.slice(2) : name).toLowerCase();
      const challenges = wildcard ? forWildcards : forNames;
      const choice = selectSolver(
        solvers,
        { identifier: dnsName, wildcard, challenges },
        certificate.metadata?.labels ?? {},
      );
      const section = choice?.solver.dnsPersist01;
      if (section === undefined) continue;
      const key = JSON.stringify([dnsName, accountUri, section.nameservers ?? []]);
      const known = found.get(key);
      if (known !== undefined) {
        known.wildcard ||= wildcard;
        if (known.certificates.at(-1) !== certificate) known.certificates.push(certificate);
      } else if (found.size < mostRecords)
        found.set(key, { dnsName, wildcard, section, accountUri, certificates: [certificate] });
    }
  }
  return found;
}
