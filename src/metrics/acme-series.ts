/** The series of Orders and Challenges, from the caches at scrape: they end with their object. */
import type { OrderBudget } from '../acme/budget/order-budget.ts';
import type { Challenge } from '../api/challenge.ts';
import { acmeStates } from '../api/enumerations.ts';
import type { ClusterIssuer, Issuer } from '../api/issuer.ts';
import type { Order } from '../api/order.ts';
import { objectMetrics, stateMetrics, type MetricDescription } from './catalogue.ts';
import { header, labelText, number } from './exposition.ts';

/** The empty state comes first, as the peer's does. */
const states = ['', ...acmeStates.toSorted()];
const longestReason = 80;
/** Challenges in one piece of text, some 100 kB. */
const chunkSize = 64;

type Sample = readonly [labels: readonly string[], value: number];

function family(description: MetricDescription, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  let text = header(description);
  for (const [labels, value] of samples)
    text += `${description.name}${labelText(description.labels, labels)} ${number(value)}\n`;
  return text;
}

/**
 * What a reason begins with: reasons hold names, addresses and what a CA or a resolver said, and each new text would be eight
 * new series for ever. The peer writes them whole.
 */
export function boundedReason(reason: string | undefined): string {
  const head = (reason ?? '').split(/[:;"'(\n]/u, 1)[0]!.replaceAll(/\d+/gu, 'N');
  return head.slice(0, longestReason).trim();
}

/** Chunks of text: a CA that is down leaves many Challenges. */
export function* challengeSeries(challenges: Iterable<Challenge>): Generator<string> {
  const { name: metric, labels: names } = objectMetrics.challengeStatus;
  let text = header(objectMetrics.challengeStatus);
  let count = 0;
  for (const { metadata, spec, status } of challenges) {
    const { state = '', reason, processing = false } = status ?? {};
    const { name = '', namespace = '' } = metadata ?? {};
    const begin = [spec.dnsName, name, namespace, String(processing), boundedReason(reason)];
    for (const each of states)
      text += `${metric}${labelText(names, [...begin, each, spec.type])} ${each === state ? 1 : 0}\n`;
    if (++count % chunkSize !== 0) continue;
    yield text;
    text = '';
  }
  if (count > 0 && text !== '') yield text;
}

/** `Issuer/namespace/name` or `ClusterIssuer/name`. */
function issuerOf({ metadata, spec }: Order): string {
  const { kind = '', name } = spec.issuerRef;
  return kind === 'ClusterIssuer'
    ? `ClusterIssuer/${name}`
    : `${kind === '' ? 'Issuer' : kind}/${metadata?.namespace}/${name}`;
}

export function orderSeries(orders: Iterable<Order>, nowMs: number): string {
  const byState = new Map<string, { labels: string[]; count: number }>();
  const waiting = new Map<string, { count: number; nextMs: number }>();
  for (const order of orders) {
    const issuer = issuerOf(order);
    const state = order.status?.state ?? '';
    const key = `${issuer}\0${state}`;
    const entry = byState.get(key);
    if (entry === undefined) byState.set(key, { labels: [issuer, state], count: 1 });
    else entry.count++;
    const held = waiting.get(issuer) ?? { count: 0, nextMs: Infinity };
    waiting.set(issuer, held);
    const untilMs = Date.parse(order.status?.nextAttemptAt ?? '');
    if (!(untilMs > nowMs)) continue;
    held.count++;
    held.nextMs = Math.min(held.nextMs, untilMs);
  }
  return [
    family(
      objectMetrics.orders,
      Array.from(byState.values(), ({ labels, count }): Sample => [labels, count]),
    ),
    family(
      objectMetrics.ordersWaiting,
      Array.from(waiting, ([issuer, { count }]): Sample => [[issuer], count]),
    ),
    family(
      objectMetrics.nextOrder,
      Array.from(waiting)
        .filter(([, { count }]) => count > 0)
        .map(([issuer, { nextMs }]): Sample => [[issuer], Math.ceil((nextMs - nowMs) / 1000)]),
    ),
  ].join('');
}

/** What the ledger of CA limits says, for each issuer that has an account. */
export function budgetSeries(
  budget: OrderBudget,
  issuers: Iterable<Issuer | ClusterIssuer>,
  nowMs: number,
): string {
  const available: Sample[] = [];
  const next: Sample[] = [];
  for (const { metadata, spec, status } of issuers) {
    const directory = spec?.acme?.server;
    const account = status?.acme?.uri;
    if (directory === undefined || account === undefined) continue;
    const { name = '', namespace } = metadata ?? {};
    const issuer = namespace === undefined ? `ClusterIssuer/${name}` : `Issuer/${namespace}/${name}`;
    for (const forecast of budget.forecast(directory, account, nowMs)) {
      const labels = [issuer, forecast.limit, forecast.subject];
      available.push([labels, forecast.available]);
      next.push([labels, Math.max(0, Math.ceil((forecast.nextSlotAt - nowMs) / 1000))]);
    }
  }
  return family(stateMetrics.budgetAvailable, available) + family(stateMetrics.budgetNextSlot, next);
}
