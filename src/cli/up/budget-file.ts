/** The ledger of CA limits of `certwright up`, on disk: a restart must not forget what a week's limit was used for. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CaLimits } from '../../acme/budget/ca-limits.ts';
import { createOrderBudget } from '../../acme/budget/create-order-budget.ts';
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import { parsePublicSuffixList } from '../../acme/budget/registered-domain.ts';
import type { Log } from '../../controllers/context.ts';
import type { Clock, Timer } from '../../kube/clock.ts';

export interface BudgetFileOptions {
  path: string;
  limits: readonly CaLimits[];
  clock: Clock;
  log: Log;
  /** Of Debian's and Fedora's package publicsuffix; a short rule stands in for it. */
  publicSuffixList?: string;
}

/** What is forgotten in a crash: the CA counts by itself, and says so. */
const saveEveryMs = 60_000;

export interface BudgetFile {
  budget: OrderBudget;
  /** Resolves when the last state is written. */
  close: () => Promise<void>;
}

/** Never rejects: without its past the ledger begins anew, and the CA's own count decides. */
export async function openBudgetFile(options: BudgetFileOptions): Promise<BudgetFile> {
  const { path, limits, clock, log } = options;
  const list = await readFile(
    options.publicSuffixList ?? '/usr/share/publicsuffix/public_suffix_list.dat',
    'utf8',
  ).catch(() => undefined);
  const budget = createOrderBudget({
    limits,
    state: await readState(path),
    ...(list === undefined ? {} : { publicSuffixes: parsePublicSuffixList(list) }),
  });
  let written = '';
  let timer: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = async (): Promise<void> => {
    const text = JSON.stringify(budget.serialise(clock.now()));
    if (text === written) return;
    try {
      await replace(path, text);
      written = text;
    } catch (error) {
      log.warn({ err: error }, `what was used of the limits of CAs cannot be kept in ${path}`);
    }
  };
  const again = (): void => {
    timer = clock.after(saveEveryMs, () => {
      saving = save().finally(again);
    });
  };
  again();
  return {
    budget,
    async close() {
      await saving;
      timer?.cancel();
      await save();
    },
  };
}

/** Damaged text is no text; damaged parts are left out by the ledger. */
async function readState(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.next`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
