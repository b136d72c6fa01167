/** Tries again, in the background, to take away what Challenges had to leave behind. */
import { messageOf } from '../../api/message-of.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { ControllerContext } from '../context.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { Solvers } from '../../solvers/solver.ts';
import { challengeOf, type Debt, type Debts } from './debts.ts';
import { fairRound } from './fair-rounds.ts';
import { stableReason } from './reason.ts';
import { presenterOf, type Removals } from './shared-place.ts';
import { solverContext, withinTime } from './solver-context.ts';

export interface DebtCollectorDeps {
  context: Pick<ControllerContext, 'clock' | 'log' | 'options'>;
  solvers: Solvers;
  settings: Pick<AcmeSettings, 'ambient'>;
  debts: Debts;
  /** Those with a slot. */
  holding: () => Iterable<Challenge>;
  removals: Removals;
  signal: AbortSignal;
}

const firstMs = 5 * 60_000;
const longestMs = 6 * 3_600_000;
/** Without any debt that is known; somebody else may have made one. */
export const idleMs = 3_600_000;

/** How long after the last attempt a debt is tried again. Milliseconds. */
export function debtDelay({ attempts }: Pick<Debt, 'attempts'>): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(attempts, 20));
}

/** A dead provider takes minutes for each call: it gets two places of eight, and after three failures it waits for the next look. */
const limits = { atOnce: 8, perSide: 2, failures: 3 } as const;

/**
 * Who has to do it: what has the same solver and the same credentials has the same provider behind it. Issuers of other
 * namespaces have credentials of their own.
 */
function farSide({ spec, namespace }: Debt): string {
  const { issuerRef, solver, type } = spec;
  const place = issuerRef.kind === 'ClusterIssuer' ? '' : namespace;
  return JSON.stringify([type, place, solver]);
}

/** One look at all debts; `lastTry`: when each was last tried by this process. Resolves with when to look again. */
export async function collectDebts(deps: DebtCollectorDeps, lastTry: Map<string, number>): Promise<number> {
  const { context, debts, holding, signal } = deps;
  const { clock } = context;
  const all = await debts.list();
  const known = new Set(all.map(({ uid }) => uid));
  for (const uid of lastTry.keys()) if (!known.has(uid)) lastTry.delete(uid);
  let nextMs = idleMs;
  const due: Debt[] = [];
  for (const debt of all) {
    const dueMs = triedAt(debt, lastTry) + debtDelay(debt);
    if (dueMs > clock.now()) nextMs = Math.min(nextMs, dueMs - clock.now());
    else due.push(debt);
  }
  // Those that were put off last time come first.
  due.sort((a, b) => triedAt(a, lastTry) - triedAt(b, lastTry));
  let paid = 0;
  const run = async (debt: Debt): Promise<boolean> => {
    signal.throwIfAborted();
    // It is no debt while somebody needs it; an attempt that was not made does not count.
    if (presenterOf(challengeOf(debt), holding()) !== undefined) {
      nextMs = Math.min(nextMs, firstMs);
      return true;
    }
    lastTry.set(debt.uid, clock.now());
    if (await pay(deps, debt)) {
      lastTry.delete(debt.uid);
      paid++;
      return true;
    }
    nextMs = Math.min(nextMs, debtDelay({ attempts: debt.attempts + 1 }));
    return false;
  };
  const left = await fairRound(due, farSide, run, limits);
  if (left.length > 0) nextMs = Math.min(nextMs, firstMs);
  if (paid > 0) await debts.list();
  return nextMs;
}

function triedAt({ uid, since }: Debt, lastTry: ReadonlyMap<string, number>): number {
  return lastTry.get(uid) ?? Date.parse(since);
}

async function pay(
  { context, solvers, settings, debts, removals, signal }: DebtCollectorDeps,
  debt: Debt,
): Promise<boolean> {
  const { clock, log, options } = context;
  const challenge = challengeOf(debt);
  const { type, dnsName } = debt.spec;
  const about = { challenge: `${debt.namespace}/${debt.name}`, type, dnsName };
  try {
    const solving = solverContext(challenge, options, settings, { signal });
    await removals.run(challenge, () =>
      withinTime(clock, solving, (within) => solvers.for(challenge).cleanUp(within)),
    );
  } catch (error) {
    signal.throwIfAborted();
    const problem = stableReason(messageOf(error));
    log.warn({ ...about, since: debt.since, attempts: debt.attempts + 1 }, `still owed: ${problem}`);
    await debts.tried(debt, problem);
    return false;
  }
  await debts.remove(debt.uid);
  log.info(about, 'what this Challenge had to leave behind is taken away now');
  return true;
}
