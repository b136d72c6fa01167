/** Brings Orders forward (acme.md §5): reads caches, decides, acts, writes the status once for each step. */
import { untilAborted } from '../../kube/until-aborted.ts';
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Challenge } from '../../api/challenge.ts';
import { componentOf } from '../../api/components.ts';
import { orderEvents } from '../../api/reasons.ts';
import { orders } from '../../api/resources.ts';
import { trimOrder, type OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { cacheKey } from '../../kube/cache.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import { slowBackoff } from '../../kube/queue.ts';
import { issuerIndexKey, type ControllerContext } from '../context.ts';
import { IssuerLanes } from '../issuer-lanes.ts';
import { issuerLane, namedIssuer } from '../named-issuer.ts';
import type { RunningModule } from '../module.ts';
import { AuthorizationReturns } from './authorization-returns.ts';
import { wishOf } from './budget-wish.ts';
import { decide, isFailure, type Blocked, type OrderDecision } from './decide.ts';
import type { OrdersOptions } from './module.ts';
import { LostOrders } from './lost-orders.ts';
import { OrderMemories, type OrderMemory } from './order-memory.ts';
import { OrderSteps } from './order-steps.ts';
import { objectionToOrder } from './prove-order.ts';
import { changes, type StatusPatch } from './status-patch.ts';

const component = componentOf('orders');
/** Nobody tells when an objection is gone: the request that an Order belongs to may be somebody else's. */
const objectionAgainMs = 5 * 60_000;
/** Orders that were placed this long ago count in no ledger any more. */
const countedMs = 8 * 24 * 3_600_000;

export function startOrderController(
  context: ControllerContext,
  signal: AbortSignal,
  options: OrdersOptions,
): RunningModule {
  const { informers, log, clock } = context;
  const budget = options.budget ?? context.acme.budget;
  const memories = new OrderMemories();
  const steps = new OrderSteps(context);
  const returns = new AuthorizationReturns(context, signal);
  const lost = new LostOrders((url) => informers.orders.byIndex('url', url).length > 0);
  /** UIDs of Orders that were there before this process, and of which nobody has noted that the CA knows them. */
  const inherited = new Set<string>();

  const issuerOf = ({ metadata, spec }: OrderFacts): AnyIssuer | undefined =>
    namedIssuer(informers, metadata?.namespace, spec.issuerRef);
  const keyOf = ({ metadata }: OrderFacts): string => cacheKey(metadata?.namespace, metadata?.name ?? '');
  const tell = (order: OrderFacts, type: 'Normal' | 'Warning', reason: string, message: string): void =>
    context.events.event(referenceTo(orders, order), component, type, reason, message);

  const store = async (order: OrderFacts, memory: OrderMemory, patch: StatusPatch): Promise<OrderFacts> => {
    const change = changes(order.status, patch);
    if (change === undefined) {
      memory.unsaved = undefined;
      return order;
    }
    const { namespace, name = '', uid } = order.metadata ?? {};
    // What the CA said must not be lost: it is written over whatever else changed meanwhile, and kept until it is written.
    memory.unsaved = { ...memory.unsaved, ...patch };
    const written = await context.client.patch<OrderFacts>(
      orders,
      { namespace, name },
      'merge',
      { metadata: { uid }, status: change },
      { fieldManager: component, subresource: 'status' },
    );
    memory.unsaved = undefined;
    const facts = trimOrder(written);
    // Whoever waits for it is woken by the cache, and wants the certificate.
    if (facts.issued) context.acme.orders.keep?.(written);
    informers.orders.observe(written);
    return facts;
  };

  /** Why no call is made for it yet. */
  const blockedBy = async (
    order: OrderFacts,
    issuer: AnyIssuer | undefined,
    memory: OrderMemory,
  ): Promise<Blocked | undefined> => {
    const generation = order.metadata?.generation ?? 1;
    if (memory.proven !== generation) {
      const objection = await objectionToOrder(context, order);
      if (objection !== undefined) {
        const reason = `Not worked on: ${objection}`;
        return { reason, againMs: objectionAgainMs, event: orderEvents.refused };
      }
      memory.proven = generation;
    }
    const { kind = 'Issuer', name } = order.spec.issuerRef;
    if (issuer === undefined)
      return { reason: `Waiting for ${kind} ${JSON.stringify(name)}, which does not exist` };
    if (issuer.spec.acme === undefined)
      return { reason: `Waiting: ${kind} ${JSON.stringify(name)} is not of type acme` };
    if ((await context.acmeAccounts.clientFor(issuer)) === undefined) {
      const ready = issuer.status?.conditions?.find(({ type }) => type === 'Ready');
      const cause = ready?.status === 'True' ? 'its account key cannot be used' : (ready?.message ?? '');
      const reason = `Waiting for ${kind} ${JSON.stringify(name)} to be Ready: ${cause === '' ? 'it was not checked yet' : cause}`;
      return { reason, againMs: 60_000 };
    }
    return undefined;
  };

  const reconcile = async (key: string): Promise<{ after?: number } | void> => {
    const order = informers.orders.get(key);
    if (order === undefined) return memories.forget(key);
    const { uid = '' } = order.metadata ?? {};
    const memory = memories.of(key, uid);
    if (inherited.delete(uid)) memory.perhapsPlaced = 0;
    if (memory.unsaved !== undefined) {
      await store(order, memory, memory.unsaved);
      return { after: 0 };
    }
    const challenges = informers.challenges.byIndex(
      'owner',
      cacheKey(order.metadata?.namespace, order.metadata?.uid ?? ''),
    );
    const issuer = issuerOf(order);
    const { status, metadata } = order;
    const over = order.issued || isFailure(status?.state) || metadata?.deletionTimestamp !== undefined;
    const blocked = over ? undefined : await blockedBy(order, issuer, memory);
    const now = clock.now();
    const decision = decide({
      order,
      issued: order.issued,
      finalizing: memory.finalizing,
      pollAtMs: memory.pollAtMs,
      challenges,
      solvers: issuer?.spec.acme?.solvers ?? [],
      ...(blocked === undefined ? {} : { blocked }),
      now,
    });
    log.debug({ order: key, decision: decision.do }, decision.why);
    return carryOut({ key, order, challenges, issuer, memory }, decision, now);
  };

  interface Work {
    key: string;
    order: OrderFacts;
    challenges: readonly Challenge[];
    issuer: AnyIssuer | undefined;
    memory: OrderMemory;
  }

  const carryOut = async (
    work: Work,
    decision: OrderDecision,
    now: number,
  ): Promise<{ after?: number } | void> => {
    const { order, memory, issuer } = work;
    switch (decision.do) {
      case 'nothing':
        // Nothing stands in its way any more, and no news of the CA will say so.
        if (memory.blockedBy !== undefined && memory.blockedBy === order.status?.reason)
          await store(order, memory, { reason: null });
        memory.blockedBy = undefined;
        return;
      case 'wait':
        return { after: decision.untilMs - now };
      case 'blocked': {
        const { reason, event, againMs } = decision.blocked;
        const isNews = order.status?.reason !== reason;
        const { status } = await store(order, memory, { reason });
        memory.blockedBy = status?.reason;
        if (isNews) log.warn({ order: work.key }, reason);
        if (isNews && event !== undefined) tell(order, 'Warning', event, reason);
        return againMs === undefined ? undefined : { after: againMs };
      }
      case 'no-solver': {
        const message = `Failed to determine a valid solver configuration for the set of domains on the Order: ${decision.problem}`;
        const isNews = order.status?.reason !== message;
        await store(order, memory, { reason: message });
        if (isNews) tell(order, 'Warning', orderEvents.solver, message);
        return;
      }
      case 'create-challenges': {
        const patch = await steps.createChallenges(order, issuer, decision.wanted, (message) =>
          tell(order, 'Normal', orderEvents.created, message),
        );
        await store(order, memory, patch.status);
        return patch.afterMs === undefined ? undefined : { after: patch.afterMs };
      }
      case 'delete-challenges':
        await steps.deleteChallenges(decision.challenges);
        return;
      default: {
        if (issuer === undefined) return;
        const client = await context.acmeAccounts.clientFor(issuer);
        if (client === undefined) return { after: 1_000 };
        const result = await steps.ask(
          { order, issuer, client, budget, lost, memory, now, signal },
          decision,
          work.challenges,
        );
        const stored = await store(order, memory, result.status);
        settled(work, stored, now);
        if (stored.issued) tell(order, 'Normal', orderEvents.complete, 'Order completed successfully');
        const held = result.status.nextAttemptAt;
        if (typeof held === 'string') return { after: Math.max(1_000, Date.parse(held) - now) };
        return result.afterMs === undefined ? undefined : { after: result.afterMs };
      }
    }
  };

  /** What the end of an order means to the ledger and to the authorizations that nobody needs any more. */
  const settled = ({ key, order, challenges, issuer }: Work, stored: OrderFacts, now: number): void => {
    const { state, reason = '' } = stored.status ?? {};
    if (stored.issued) log.info({ order: key }, 'the CA has issued');
    if (issuer !== undefined && budget !== undefined) {
      const wish = wishOf(order, issuer);
      if (stored.issued) {
        budget.issued(wish, now);
        for (const identifier of wish.identifiers) budget.authorizationSucceeded(wish, identifier);
      }
      if (isFailure(state)) {
        budget.released(wish, (stored.status?.url ?? '') !== '', now);
        for (const { spec, status } of challenges) {
          const identifier = wish.identifiers.find(({ value }) => value.replace('*.', '') === spec.dnsName);
          if (status?.state === 'invalid' && identifier !== undefined)
            budget.authorizationFailed(wish, identifier, now);
        }
      }
    }
    if (!isFailure(state) || isFailure(order.status?.state)) return;
    log.warn({ order: key, state }, `the order has failed: ${reason}`);
    if (issuer !== undefined) returns.give(stored, challenges, issuer);
  };

  const unlessGone = async (key: string): Promise<{ after?: number } | void> => {
    try {
      return await reconcile(key);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      log.debug({ order: key, err: error }, 'was deleted meanwhile');
    }
  };
  const stopping = untilAborted(signal);
  const inherit = (): void => {
    for (const { metadata, status } of informers.orders.values())
      if ((status?.url ?? '') === '') inherited.add(metadata?.uid ?? '');
  };
  const ready = context.synced.then(inherit);
  const lanes = new IssuerLanes({
    clock,
    backoff: slowBackoff,
    workers: context.options.concurrency,
    observer: context.observer.work('orders'),
    // With half a picture, an issuer or a request that is there would be called missing.
    ready,
    reconcile: unlessGone,
    onResult: ({ key, outcome, error, nextMs }) => {
      if (outcome === 'done') return;
      const level = outcome === 'conflict' || error instanceof ConflictError ? 'debug' : 'error';
      log[level]({ order: key, err: error, retryInMs: nextMs }, 'Order could not be brought forward');
    },
  });

  const enqueue = (order: OrderFacts, relisted: boolean): void =>
    lanes.add(issuerLane(informers, order.metadata?.namespace, order.spec.issuerRef), keyOf(order), {
      relisted,
    });
  informers.orders.onChange(({ key, current, previous, relisted }) => {
    if (current !== undefined) return enqueue(current, relisted);
    memories.forget(key);
    inherited.delete(previous?.metadata?.uid ?? '');
    lanes.forget(key);
    if (previous === undefined) return;
    const issuer = issuerOf(previous);
    const { url = '', state } = previous.status ?? {};
    if (issuer === undefined || url === '' || previous.issued || isFailure(state)) return;
    budget?.released(wishOf(previous, issuer), true, clock.now());
    returns.give(previous, [], issuer);
  });
  informers.challenges.onChange(({ current, previous, relisted }) => {
    const challenge = current ?? previous;
    const owner = controllingOwner(challenge?.metadata);
    if (owner?.kind !== 'Order') return;
    const order = informers.orders.get(cacheKey(challenge?.metadata?.namespace, owner.name));
    if (order !== undefined) enqueue(order, relisted);
  });
  informers.certificateRequests.onChange(({ current, relisted }) => {
    const { namespace, uid = '' } = current?.metadata ?? {};
    for (const order of informers.orders.byIndex('owner', cacheKey(namespace, uid)))
      if (!order.issued && order.status?.url === undefined) enqueue(order, relisted);
  });
  const wakeDependants = (issuer: AnyIssuer | undefined, kind: string, relisted: boolean): void => {
    const { namespace = '', name } = issuer?.metadata ?? {};
    if (name === undefined) return;
    for (const order of informers.orders.byIndex('issuer', issuerIndexKey(namespace, { name, kind })))
      if (!order.issued) enqueue(order, relisted);
  };
  informers.issuers.onChange(({ current, previous, relisted }) =>
    wakeDependants(current ?? previous, 'Issuer', relisted),
  );
  informers.clusterIssuers.onChange(({ current, previous, relisted }) =>
    wakeDependants(current ?? previous, 'ClusterIssuer', relisted),
  );

  /** Orders of earlier lives of this process, and of cert-manager, count at the CA, too. */
  const count = (): void => {
    if (budget === undefined || signal.aborted) return;
    for (const order of informers.orders.values()) {
      const issuer = issuerOf(order);
      const at = Date.parse(order.metadata?.creationTimestamp ?? '');
      if (issuer === undefined || (order.status?.url ?? '') === '' || !(at > clock.now() - countedMs))
        continue;
      budget.placed(wishOf(order, issuer), at);
      if (order.issued) budget.issued(wishOf(order, issuer), at);
      else if (isFailure(order.status?.state)) budget.released(wishOf(order, issuer), true, at);
    }
  };
  void ready.then(count);

  const stopped = stopping.then(async () => {
    await lanes.stop();
    await returns.idle();
  });
  return { informers: [], stopped };
}
