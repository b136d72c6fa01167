/** The budgets of the standalone server: absolute where users feel them, ratios to the machine's own limits elsewhere. */
import type { Limits } from './limits.ts';
import type { PhaseResult } from './scenarios/standalone.ts';

export interface Budget {
  budget: string;
  measured: number;
  bound: string;
  met: boolean;
}

/** Largest share of a run over 10,000 certificates that one certificate may take, seconds. */
const STORM_SECONDS_PER_CERTIFICATE = 60 / 10_000;

export function checkBudgets(limits: Limits, results: PhaseResult[]): Budget[] {
  return results.flatMap((result) => budgetsOf(limits, result));
}

function budgetsOf(limits: Limits, result: PhaseResult): Budget[] {
  const name = `${result.phase}, ${result.certificates} ${result.algorithm}`;
  const budgets: Budget[] = [];
  const atMost = (what: string, measured: number | undefined, bound: number): void => {
    if (measured === undefined) return;
    budgets.push({ budget: `${name}: ${what}`, measured, bound: `<= ${bound}`, met: measured <= bound });
  };
  const atLeast = (what: string, measured: number, bound: number): void => {
    budgets.push({ budget: `${name}: ${what}`, measured, bound: `>= ${bound}`, met: measured >= bound });
  };
  const burst = result.phase === 'storm' || result.phase === 'renewal storm';
  if (burst) {
    atMost(
      'writes and events per certificate',
      result.writesPerCertificate,
      result.phase === 'storm' ? 8.1 : 9.1,
    );
    atMost('events per certificate', result.eventsPerCertificate, 4.05);
  }
  if (burst && result.algorithm === 'RSA') {
    atLeast('rate / RSA key generation rate', result.perSecond! / limits.rsa2048KeysPerSecond, 0.9);
  }
  if (burst && result.algorithm === 'ECDSA') {
    atMost('seconds per certificate', result.seconds / result.certificates, STORM_SECONDS_PER_CERTIFICATE);
    // Eight stored writes per certificate: how much of the store's own speed the whole way reaches.
    atLeast('8 x rate / SQLite writes', (8 * result.perSecond!) / limits.sqliteWritesPerSecond, 0.02);
  }
  atMost('resident memory, MiB', result.rssMiB, 250);
  if (result.phase === 'idle') atMost('share of one core', result.cpuShare, 0.01);
  if (result.phase === 'restart') {
    atMost('seconds to an answering API', result.seconds, 2);
    atMost('new requests', result.newRequests, 0);
  }
  return budgets;
}
