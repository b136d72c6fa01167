/** DNS-01 (RFC 8555 §8.4): writes the TXT record through a provider, sees that it can be seen, takes it away. */
import type { Dns01Solver } from '../../api/solver-dns01.ts';
import { followCnames } from '../../dns/cname.ts';
import { DnsError } from '../../dns/errors.ts';
import { checkPropagation } from '../../dns/propagation.ts';
import type { DnsProvider } from '../../dns/provider.ts';
import { dnsProviderType } from '../../dns/providers/registry.ts';
import { SolverConfigurationError, SolverNotServedError } from '../errors.ts';
import type { CheckResult, Solver, SolverContext } from '../solver.ts';
import type { Dns01Deps } from './deps.ts';
import { solverFailure } from './failure.ts';
import { providerObjection } from './objection.ts';
import { needsZone, providerKeyOf, type ProviderKey } from './provider-section.ts';
import { providerEnvironment } from './provider-environment.ts';
import { challengeNameOf, dns01SectionOf, recursivesOf } from './record-place.ts';
import { webhookProvider } from './webhook.ts';
import { rememberName, writtenNamesOf } from './written-names.ts';

/** Nothing is kept between calls: Secrets are read and providers made anew for each (acme.md §10.6). */
export function createDns01Solver(deps: Dns01Deps): Solver {
  return {
    present: (context) =>
      named('the TXT record could not be written', context, async () => {
        const section = dns01SectionOf(context.challenge);
        const lookUp = lookUpOf(deps, section, context);
        const plain = challengeNameOf(context.challenge);
        const fqdn =
          section.cnameStrategy === 'Follow'
            ? (await followCnames(deps.resolver, plain, lookUp)).fqdn
            : plain;
        const key = providerKeyOf(section);
        const provider = await providerOf(deps, section, key, context);
        const zone = await zoneOf(deps, key, fqdn, lookUp);
        if (fqdn !== plain) await rememberName(deps.client, context.challenge, fqdn);
        await provider.present(recordOf(context, fqdn, zone), context.signal);
      }),

    async check(context): Promise<CheckResult> {
      const { challenge, signal } = context;
      const section = dns01SectionOf(challenge);
      const recursives = recursivesOf(section.nameservers, deps.settings.dns, deps);
      const name = challenge.spec.dnsName;
      try {
        const { passed, views, problem, settleMs } = await checkPropagation(deps, {
          fqdn: challengeNameOf(challenge),
          matches: (text) => text === challenge.spec.key,
          servers: recursives.servers,
          recursiveOnly: recursives.only,
          ...(signal === undefined ? {} : { signal }),
        });
        return {
          passed,
          views,
          problem: passed ? '' : `DNS record for "${name}" not yet propagated: ${problem}`,
          settleMs,
        };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof DnsError)) throw error;
        return {
          passed: false,
          views: [],
          problem: `DNS record for "${name}" cannot be looked for: ${error.message}`,
        };
      }
    },

    cleanUp: (context) =>
      named('the TXT record could not be removed', context, async () => {
        const section = dns01SectionOf(context.challenge);
        const lookUp = lookUpOf(deps, section, context);
        const key = providerKeyOf(section);
        const provider = await providerOf(deps, section, key, context);
        const failures: unknown[] = [];
        for (const fqdn of await namesToClean(deps, section, context, lookUp)) {
          // One name that cannot be cleaned must not keep the record at another.
          try {
            const zone = await zoneOf(deps, key, fqdn, lookUp);
            await provider.cleanUp(recordOf(context, fqdn, zone), context.signal);
          } catch (error) {
            context.signal?.throwIfAborted();
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
      }),
  };
}

interface LookUp {
  servers: readonly string[];
  signal?: AbortSignal;
}

function lookUpOf(deps: Dns01Deps, section: Dns01Solver, { signal }: SolverContext): LookUp {
  const { servers } = recursivesOf(section.nameservers, deps.settings.dns, deps);
  return { servers, ...(signal === undefined ? {} : { signal }) };
}

/**
 * Where something of ours may be: what the Challenge remembers, and, for those that another controller has presented,
 * where the CNAME leads now. A CNAME that cannot be followed any more keeps nobody from cleaning up what is remembered.
 */
async function namesToClean(
  deps: Dns01Deps,
  section: Dns01Solver,
  { challenge, signal }: SolverContext,
  lookUp: LookUp,
): Promise<readonly string[]> {
  const plain = challengeNameOf(challenge);
  if (section.cnameStrategy !== 'Follow') return [plain];
  const remembered = writtenNamesOf(challenge);
  try {
    const { fqdn } = await followCnames(deps.resolver, plain, lookUp);
    return [...new Set([...remembered, fqdn])];
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof DnsError) || remembered.length === 0) throw error;
    return remembered;
  }
}

async function zoneOf(deps: Dns01Deps, key: ProviderKey, fqdn: string, lookUp: LookUp): Promise<string> {
  try {
    return await deps.zones.findZone(fqdn, lookUp);
  } catch (error) {
    lookUp.signal?.throwIfAborted();
    if (!(error instanceof DnsError) || needsZone(key)) throw error;
    // Nobody asks for it; the name itself keeps the promise that the record lies in it.
    return fqdn;
  }
}

async function providerOf(
  deps: Dns01Deps,
  section: Dns01Solver,
  key: ProviderKey,
  context: SolverContext,
): Promise<DnsProvider> {
  const { resourceNamespace, ambient } = context;
  if (key === 'webhook') {
    const { webhook } = section;
    if (webhook === undefined) throw new SolverConfigurationError('the solver has no section webhook');
    return webhookProvider(deps.transport, webhook, { resourceNamespace, ambient });
  }
  const type = dnsProviderType(key);
  if (type === undefined) throw new SolverNotServedError(`this process has no DNS provider ${key}`);
  const objection = providerObjection(key, deps.settings);
  if (objection !== undefined) throw new SolverNotServedError(objection);
  const { servers } = recursivesOf(section.nameservers, deps.settings.dns, deps);
  return await type.create(section[key], providerEnvironment(deps, context, servers));
}

function recordOf(
  { challenge }: SolverContext,
  fqdn: string,
  zone: string,
): Parameters<DnsProvider['present']>[0] {
  return { fqdn, zone, value: challenge.spec.key, domain: challenge.spec.dnsName };
}

async function named<T>(
  doing: string,
  { challenge, signal }: SolverContext,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    throw solverFailure(`${doing} for ${challenge.spec.dnsName}`, challenge.spec.key, error);
  }
}
