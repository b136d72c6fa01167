/** `certwright acme budget`: what an account has used of the limits of its CA, and who waits for it. */
import { messageOf } from '../../../api/message-of.ts';
import { readCaLimits, type CaLimits } from '../../../acme/budget/ca-limits.ts';
import { createOrderBudget } from '../../../acme/budget/create-order-budget.ts';
import type { BudgetForecast } from '../../../acme/budget/order-budget.ts';
import { AcmeConfigurationError } from '../../../acme/errors.ts';
import type { Order } from '../../../api/order.ts';
import { orders } from '../../../api/resources.ts';
import { KubeError } from '../../../kube/errors.ts';
import { exitCodes } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import { renderTable, timeUntil } from '../../up/table.ts';
import { budgetConfigMap, readBudget, systemSuffixes, type StoredBudget } from '../budget-store.ts';
import type { Cluster } from './cluster.ts';
import { failed, findIssuer, type FoundIssuer } from './find-issuer.ts';
import { aligned, print, type AnswerFormat } from './print.ts';

interface Waiting {
  order: string;
  reason: string;
  nextAttemptAt: string;
}

export async function showBudget(
  cluster: Cluster,
  name: string,
  format: AnswerFormat,
  out: Surroundings['out'],
): Promise<number> {
  const found = await findIssuer(cluster, name);
  const { issuer, title } = found;
  const server = issuer.spec.acme?.server ?? '';
  const account = issuer.status?.acme?.uri;
  if (account === undefined || account === '')
    throw failed(`${title} has no account yet: "kubectl describe" of it says why; nothing was ordered by it`);
  const now = cluster.clock.now();
  const stored = await storedFor(cluster);
  const limits = limitsIn(stored);
  const publicSuffixes = await systemSuffixes();
  const budget = createOrderBudget({
    limits,
    state: stored?.state,
    ...(publicSuffixes === undefined ? {} : { publicSuffixes }),
  });
  const forecast = budget.forecast(server, account, now);
  const waiting = await waitingOf(cluster, found);
  print(
    out,
    format,
    {
      issuer: title,
      server,
      account,
      savedAt: stored?.savedAt ?? null,
      limits: forecast.map(timesOf),
      waiting,
    },
    render({ title, server, account, stored, forecast, waiting, now }),
  );
  return exitCodes.ok;
}

async function storedFor({
  client,
  clusterResourceNamespace: namespace,
}: Cluster): Promise<StoredBudget | undefined> {
  try {
    return await readBudget(client, namespace);
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw failed(
      `ConfigMap ${namespace}/${budgetConfigMap} is damaged, and counted for nothing: delete it (${messageOf(error)})`,
      error,
    );
  }
}

/** As whoever counts was told them, in milliseconds; the reader takes them as operators write them. */
function limitsIn(stored: StoredBudget | undefined): CaLimits[] {
  const kept = Array.isArray(stored?.limits) ? (stored.limits as CaLimits[]) : [];
  const written = kept.map(({ limits, ...ca }) => ({
    ...ca,
    limits: Array.isArray(limits)
      ? limits.map(({ windowMs, ...limit }) => ({ ...limit, windowSeconds: windowMs / 1000 }))
      : limits,
  }));
  try {
    return readCaLimits(written);
  } catch (error) {
    if (error instanceof AcmeConfigurationError)
      throw failed(`ConfigMap ${budgetConfigMap}: ${error.message}`, error);
    throw error;
  }
}

/** Orders of this issuer that were told to wait. */
async function waitingOf({ client, clock }: Cluster, { issuer }: FoundIssuer): Promise<Waiting[]> {
  const { name, namespace } = issuer.metadata ?? {};
  const kind = namespace === undefined ? 'ClusterIssuer' : 'Issuer';
  const { items } = await client.list<Order>(orders, namespace === undefined ? {} : { namespace });
  return items
    .filter(({ spec }) => spec.issuerRef.name === name && (spec.issuerRef.kind ?? 'Issuer') === kind)
    .flatMap(({ metadata, status }) =>
      status?.nextAttemptAt === undefined || Date.parse(status.nextAttemptAt) <= clock.now()
        ? []
        : [
            {
              order: `${metadata?.namespace}/${metadata?.name}`,
              reason: status.reason ?? '',
              nextAttemptAt: status.nextAttemptAt,
            },
          ],
    )
    .toSorted((a, b) => (a.nextAttemptAt < b.nextAttemptAt ? -1 : 1));
}

function timesOf({ nextSlotAt, fullAt, windowMs, waiting: _here, ...rest }: BudgetForecast): object {
  return {
    ...rest,
    windowSeconds: windowMs / 1000,
    nextSlotAt: new Date(nextSlotAt).toISOString(),
    fullAt: new Date(fullAt).toISOString(),
  };
}

const mostWaiting = 20;
/** Limits of the configuration come with what was counted: this command does not see the file. */
const unwritten =
  'The controller has not written down what it counts, nor its caLimits: it does once a minute, where there is something to count. ';

function render(facts: {
  title: string;
  server: string;
  account: string;
  stored: StoredBudget | undefined;
  forecast: readonly BudgetForecast[];
  waiting: readonly Waiting[];
  now: number;
}): string {
  const { title, server, account, stored, forecast, waiting, now } = facts;
  const head = aligned([
    ['Issuer', title],
    ['Server', server],
    ['Account', account],
    ['Counted', stored === undefined ? 'nothing yet' : `as of ${stored.savedAt} (written once a minute)`],
  ]);
  const in_ = (at: number): string =>
    at <= now ? 'now' : `in ${timeUntil(new Date(at).toISOString(), now)}`;
  const table =
    forecast.length === 0
      ? `${stored === undefined ? unwritten : ''}No limits of this CA are known${stored === undefined ? ' here' : ''}: whatever it refuses is asked again when it says. Those that you know are written as caLimits (docs/acme-issuers.md).\n`
      : renderTable([
          ['LIMIT', 'FOR', 'LEFT', 'NEXT', 'FULL'],
          ...forecast.map(({ limit, subject, allowed, windowMs, available, nextSlotAt, fullAt }) => [
            limit,
            subject === account ? 'the account' : subject,
            `${available} of ${allowed} in ${timeUntil(new Date(now + windowMs).toISOString(), now)}`,
            in_(nextSlotAt),
            in_(fullAt),
          ]),
        ]);
  const queue =
    waiting.length === 0
      ? ''
      : `\nWaiting Orders:\n${waiting
          .slice(0, mostWaiting)
          .map(
            ({ order, nextAttemptAt, reason }) =>
              `  ${order}: ${in_(Date.parse(nextAttemptAt))}: ${reason}\n`,
          )
          .join(
            '',
          )}${waiting.length > mostWaiting ? `  ... and ${waiting.length - mostWaiting} more\n` : ''}`;
  return `${head}\n${table}${queue}`;
}
