/** Tries again, in the background, to take away what Challenges had to leave behind. */
import type { Challenge } from '../../api/challenge.ts';
import type { ControllerContext } from '../context.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { Solvers } from '../../solvers/solver.ts';
import { challengeOf, type Debt, type Debts } from './debts.ts';
import { messageOf, stableReason } from './reason.ts';
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

/** One look at all debts; `lastTry`: when each was last tried by this process. Resolves with when to look again. */
export async function collectDebts(
  { context, solvers, settings, debts, holding, removals, signal }: DebtCollectorDeps,
  lastTry: Map<string, number>,
): Promise<number> {
  const { clock, log } = context;
  const all = await debts.list();
  for (const uid of lastTry.keys()) if (!all.some((debt) => debt.uid === uid)) lastTry.delete(uid);
  let nextMs = idleMs;
  let left = all.length;
  for (const debt of all) {
    signal.throwIfAborted();
    const dueMs = (lastTry.get(debt.uid) ?? Date.parse(debt.since)) + debtDelay(debt);
    if (dueMs > clock.now()) {
      nextMs = Math.min(nextMs, dueMs - clock.now());
      continue;
    }
    const challenge = challengeOf(debt);
    // It is no debt while somebody needs it; an attempt that was not made does not count.
    if (presenterOf(challenge, holding()) !== undefined) {
      nextMs = Math.min(nextMs, firstMs);
      continue;
    }
    lastTry.set(debt.uid, clock.now());
    const { type, dnsName } = debt.spec;
    const about = { challenge: `${debt.namespace}/${debt.name}`, type, dnsName };
    try {
      const solving = solverContext(challenge, context.options, settings, { signal });
      await removals.run(challenge, () =>
        withinTime(clock, solving, (within) => solvers.for(challenge).cleanUp(within)),
      );
      await debts.remove(debt.uid);
      lastTry.delete(debt.uid);
      left--;
      log.info(about, 'what this Challenge had to leave behind is taken away now');
    } catch (error) {
      signal.throwIfAborted();
      const problem = stableReason(messageOf(error));
      log.warn({ ...about, since: debt.since, attempts: debt.attempts + 1 }, `still owed: ${problem}`);
      await debts.tried(debt, problem);
      nextMs = Math.min(nextMs, debtDelay({ attempts: debt.attempts + 1 }));
    }
  }
  if (left !== all.length) await debts.list();
  return nextMs;
}
