/**
 * The ledger of CA limits, kept in a ConfigMap: neither a restart nor another leader may forget what a week's limit was used
 * for. Written at most once a minute, when something has changed, and at the end.
 */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { CaLimits } from '../../acme/budget/ca-limits.ts';
import { createOrderBudget } from '../../acme/budget/create-order-budget.ts';
import type { BudgetState, OrderBudget } from '../../acme/budget/order-budget.ts';
import { parsePublicSuffixList, type PublicSuffixes } from '../../acme/budget/registered-domain.ts';
import type { ConfigMap } from '../../api/core.ts';
import { managedBy, managedByController } from '../../api/labels.ts';
import { configMaps } from '../../api/resources.ts';
import type { Log } from '../../controllers/context.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import { ForbiddenError, NotFoundError } from '../../kube/errors.ts';

/** Beside the Secrets of ClusterIssuers, or in the one namespace that is served. */
export const budgetConfigMap = 'certwright-acme-budget';

export interface BudgetStoreOptions {
  client: KubeClient;
  namespace: string;
  limits: readonly CaLimits[];
  clock: Clock;
  log: Log;
  /** Of Debian's and Fedora's package publicsuffix; a short rule stands in for it. */
  publicSuffixList?: string;
}

export interface KeptBudget {
  budget: OrderBudget;
  /** Resolves when the last state is written, or cannot be. */
  close(): Promise<void>;
  /** Ends without a last write: somebody else keeps it now. */
  abandon(): void;
}

/** A ledger that nobody keeps. */
export function forgetful(limits: readonly CaLimits[]): KeptBudget {
  return { budget: createOrderBudget({ limits }), close: () => Promise.resolve(), abandon: () => undefined };
}

/** What a ConfigMap says of a ledger. */
export interface StoredBudget {
  /** Beside the published ones. */
  limits: unknown;
  state: unknown;
  /** RFC 3339. */
  savedAt: string;
}

/** What is forgotten in a crash: the CA counts by itself, and says so. */
const saveEveryMs = 60_000;
const readWithinMs = 10_000;
/** A ConfigMap holds 1 MiB, and base64 takes a third more. */
const mostBytes = 700_000;
const mostUnpacked = 64 << 20;
const entry = 'ledger.json.gz';
const about =
  'What was used of the limits of ACME CAs. To read it: certwright acme budget ISSUER. Deleting it forgets the past, and nothing else.';
const fieldManager = 'certwright-acme-budget';
const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/** Never rejects: without its past the ledger begins anew, and the CA's own count decides. */
export async function openBudget(options: BudgetStoreOptions): Promise<KeptBudget> {
  const { client, namespace, limits, clock, log } = options;
  const stored = await readBudget(client, namespace, AbortSignal.timeout(readWithinMs)).catch(
    (err: unknown) => {
      log.warn(
        { err },
        `what was used of the limits of CAs cannot be read from ConfigMap ${namespace}/${budgetConfigMap}: counted anew`,
      );
      return undefined;
    },
  );
  const publicSuffixes = await systemSuffixes(options.publicSuffixList);
  const budget = createOrderBudget({
    limits,
    state: stored?.state,
    ...(publicSuffixes === undefined ? {} : { publicSuffixes }),
  });
  const saver = new Saver(options, budget);
  let timer: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();
  const again = (): void => {
    timer = clock.after(saveEveryMs, () => {
      saving = saver.save().finally(again);
    });
  };
  again();
  return {
    budget,
    async close() {
      await saving;
      timer?.cancel();
      await saver.save();
    },
    abandon() {
      saver.stop();
      timer?.cancel();
    },
  };
}

/** What the system knows of public suffixes; undefined: nothing. */
export async function systemSuffixes(
  file = '/usr/share/publicsuffix/public_suffix_list.dat',
): Promise<PublicSuffixes | undefined> {
  const list = await readFile(file, 'utf8').catch(() => undefined);
  return list === undefined ? undefined : parsePublicSuffixList(list);
}

/** Undefined: there is none. Rejects with KubeError, or when what is there is none of ours. */
export async function readBudget(
  client: Pick<KubeClient, 'get'>,
  namespace: string,
  signal?: AbortSignal,
): Promise<StoredBudget | undefined> {
  let found: ConfigMap;
  try {
    found = await client.get<ConfigMap>(configMaps, { namespace, name: budgetConfigMap }, signal);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  const packed = Buffer.from(found.binaryData?.[entry] ?? '', 'base64');
  if (packed.length === 0) return undefined;
  const text = (await unpack(packed, { maxOutputLength: mostUnpacked })).toString('utf8');
  const { limits, state } = JSON.parse(text) as { limits?: unknown; state?: unknown };
  return { limits, state, savedAt: found.data?.['savedAt'] ?? '' };
}

class Saver {
  readonly #options: BudgetStoreOptions;
  readonly #budget: OrderBudget;
  #written: string;
  #stopped = false;

  constructor(options: BudgetStoreOptions, budget: OrderBudget) {
    this.#options = options;
    this.#budget = budget;
    // What was just read, or nothing: worth no write.
    this.#written = this.#state();
  }

  stop(): void {
    this.#stopped = true;
  }

  #state(): string {
    return JSON.stringify(this.#budget.serialise(this.#options.clock.now()));
  }

  async save(): Promise<void> {
    const text = this.#state();
    if (text === this.#written || this.#stopped) return;
    const { namespace, log } = this.#options;
    try {
      await this.#write(await this.#packed(JSON.parse(text) as BudgetState));
      this.#written = text;
    } catch (err) {
      // A right that is missing now is missing in a minute, too.
      this.#stopped = err instanceof ForbiddenError;
      log.warn(
        { err },
        `what was used of the limits of CAs cannot be kept in ConfigMap ${namespace}/${budgetConfigMap}`,
      );
    }
  }

  /** Too much loses the oldest wishes first, which only keep one from being counted twice; then what is given back soonest. */
  async #packed(state: BudgetState): Promise<string> {
    const { limits } = this.#options;
    let taken = Object.entries(state.taken);
    let levels = Object.entries(state.levels).toSorted(([, a], [, b]) => lastOf(a) - lastOf(b));
    for (;;) {
      const kept = { ...state, taken: Object.fromEntries(taken), levels: Object.fromEntries(levels) };
      const packed = await pack(JSON.stringify({ limits, state: kept }));
      if (packed.length <= mostBytes || levels.length === 0) return packed.toString('base64');
      if (taken.length > 0) taken = taken.slice(Math.ceil(taken.length / 2));
      else levels = levels.slice(Math.ceil(levels.length / 4));
    }
  }

  async #write(packed: string): Promise<void> {
    const { client, namespace, clock } = this.#options;
    const data = { about, savedAt: new Date(clock.now()).toISOString() };
    const content = { data, binaryData: { [entry]: packed } };
    const key = { namespace, name: budgetConfigMap };
    try {
      await client.patch<ConfigMap>(configMaps, key, 'merge', content, { fieldManager });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const metadata = { name: budgetConfigMap, namespace, labels: { [managedBy]: managedByController } };
      await client.create<ConfigMap>(
        configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...content },
        { fieldManager },
      );
    }
  }
}

const lastOf = (level: number | readonly number[]): number =>
  typeof level === 'number' ? level : (level.at(-1) ?? 0);
