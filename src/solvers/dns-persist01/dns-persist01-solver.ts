/** DNS-PERSIST-01 (draft-ietf-acme-dns-persist-02): says which record somebody has to set once, and sees that it is there. */
import type { Challenge } from '../../api/challenge.ts';
import type { DnsPersist01Solver } from '../../api/solver-dns-persist01.ts';
import { DnsError } from '../../dns/errors.ts';
import { checkPropagation } from '../../dns/propagation.ts';
import type { DnsPersist01Deps } from '../dns01/deps.ts';
import { recursivesOf } from '../dns01/record-place.ts';
import { SolverConfigurationError, SolverUnavailableError } from '../errors.ts';
import type { CheckResult, Solver, SolverContext } from '../solver.ts';
import {
  judgePersistRecord,
  mostIssuerDomainNames,
  persistNotice,
  persistRecordLine,
  persistRecordName,
  type PersistDemand,
  type PersistRecord,
} from './record.ts';

/** Writes nothing and takes nothing away: the record is somebody's decision, and outlives every Challenge. */
export function createDnsPersist01Solver(deps: DnsPersist01Deps): Solver {
  return {
    async present(context): Promise<void> {
      // What the CA offers may not be known yet; the check says what is missing.
      sectionOf(context.challenge);
    },

    async check(context): Promise<CheckResult> {
      const { challenge, signal } = context;
      const section = sectionOf(challenge);
      const { dnsName } = challenge.spec;
      const now = deps.clock.now();
      const { record, issuerDomainNames } = wantedRecord(context, now);
      const demand: PersistDemand = {
        issuerDomainNames,
        accountUri: record.accountUri,
        wildcard: challenge.spec.wildcard === true,
        now,
      };
      const recursives = recursivesOf(section.nameservers, deps.settings.dns, deps);
      const remedy = `set this record once: ${persistRecordLine(dnsName, record)}`;
      let found: PersistRecord | undefined;
      try {
        const { passed, views, problem, settleMs } = await checkPropagation(deps, {
          fqdn: persistRecordName(dnsName),
          matches: (text) => {
            const judgement = judgePersistRecord(text, demand);
            if (judgement.fits) found = sooner(found, judgement.record);
            return judgement.fits;
          },
          explain: (texts) => explain(texts, demand),
          servers: recursives.servers,
          recursiveOnly: recursives.only,
          ...(signal === undefined ? {} : { signal }),
        });
        const notice = found === undefined ? undefined : persistNotice(dnsName, found, now);
        return {
          passed,
          views,
          problem: passed ? '' : `${remedy} (${problem})`,
          settleMs,
          ...(notice === undefined ? {} : { notice }),
        };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof DnsError)) throw error;
        return { passed: false, views: [], problem: `${remedy} (it cannot be looked for: ${error.message})` };
      }
    },

    async cleanUp(): Promise<void> {
      // The record stays: it is what the next renewal needs.
    },
  };
}

function sectionOf({ spec }: Challenge): DnsPersist01Solver {
  const section = spec.solver.dnsPersist01;
  if (section === undefined)
    throw new SolverConfigurationError('the solver of the Challenge has no section dnsPersist01');
  return section;
}

/** The record to print, and every name of the CA that one may carry instead. */
function wantedRecord(
  context: SolverContext,
  now: number,
): {
  record: PersistRecord;
  issuerDomainNames: readonly string[];
} {
  const { challenge, accountUri = '', issuerDomainNames: offered = [] } = context;
  const section = sectionOf(challenge);
  if (accountUri === '')
    throw new SolverUnavailableError('the URL of the ACME account is not known yet: is the issuer Ready?');
  if (section.persistUntil !== undefined && section.persistUntil * 1000 < now)
    throw new SolverConfigurationError(
      `dnsPersist01.persistUntil ${section.persistUntil} is over: a record with that end does not count`,
    );
  if (offered.length > mostIssuerDomainNames)
    throw new SolverUnavailableError(
      `the CA offers ${offered.length} issuer domain names for dns-persist-01; more than ${mostIssuerDomainNames} are malformed`,
    );
  const own = section.issuerDomainName?.toLowerCase();
  if (own !== undefined && offered.length > 0 && !offered.includes(own))
    throw new SolverConfigurationError(
      `dnsPersist01.issuerDomainName ${JSON.stringify(own)} is none of those that the CA offers: ${offered.join(', ')}`,
    );
  const issuerDomainName = own ?? offered[0];
  if (issuerDomainName === undefined)
    throw new SolverUnavailableError(
      'the CA does not say under which domain name it goes in dns-persist-01 records; if its documentation does, set dnsPersist01.issuerDomainName',
    );
  return {
    record: {
      issuerDomainName,
      accountUri,
      wildcard: section.policy === 'wildcard' || challenge.spec.wildcard === true,
      ...(section.persistUntil === undefined ? {} : { persistUntil: section.persistUntil }),
    },
    issuerDomainNames: offered.length > 0 ? offered : [issuerDomainName],
  };
}

/** What is wrong with the records that mean this CA; those of other CAs are none of our business. */
function explain(texts: readonly string[], demand: PersistDemand): string {
  const reasons = new Set<string>();
  for (const text of texts) {
    const judgement = judgePersistRecord(text, demand);
    if (!judgement.fits && judgement.ours) reasons.add(judgement.why);
  }
  if (reasons.size === 0) return `no TXT record for ${demand.issuerDomainNames.join(' or ')}`;
  return `a TXT record for this CA that does not do: ${[...reasons].slice(0, 3).join('; ')}`;
}

/** Of two records that do, the one that ends first is the one to tell about. */
function sooner(a: PersistRecord | undefined, b: PersistRecord): PersistRecord {
  if (a === undefined) return b;
  return (b.persistUntil ?? Infinity) < (a.persistUntil ?? Infinity) ? b : a;
}
