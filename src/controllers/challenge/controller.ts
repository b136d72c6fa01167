/** Runs Challenges: gives them slots, brings them forward, and pays what earlier ones left behind (acme.md §7). */
import { untilAborted } from '../../kube/until-aborted.ts';
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Challenge } from '../../api/challenge.ts';
import { cacheKey, type Change, type Informer } from '../../kube/cache.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { createQueue, slowBackoff } from '../../kube/queue.ts';
import { runWorkers, stoppedBy } from '../../kube/worker.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { Solvers } from '../../solvers/solver.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { issuerIndexKey, type ControllerContext } from '../context.ts';
import { issuerLane } from '../named-issuer.ts';
import { IssuerLanes } from '../issuer-lanes.ts';
import type { RunningModule } from '../module.ts';
import { collectDebts, debtDelay } from './debt-collector.ts';
import { Credentials } from './credentials.ts';
import { Debts } from './debts.ts';
import { Memories } from './memory.ts';
import { Removals } from './shared-place.ts';
import { Slots } from './slots.ts';
import { WaitReasons } from './wait-reasons.ts';
import { ChallengeWork } from './work.ts';
import { ChallengeWriter } from './writer.ts';

/** The solvers of a process, made when its caches and clients are there. */
export interface RunningSolvers {
  solvers: Solvers;
  /** Caches of theirs; the manager starts them. */
  informers: readonly Informer<unknown>[];
  /** Opens listeners; work begins afterwards. Its rejection is logged and tried again with each challenge. */
  start?(challenges: Informer<Challenge>): Promise<void>;
  /** Once no Challenge is worked on any more. */
  stop?(): Promise<void>;
}

export interface ChallengesOptions {
  settings: Pick<AcmeSettings, 'maxConcurrentChallenges' | 'checkRetryMs' | 'ambient'>;
  solvers(context: ControllerContext): RunningSolvers;
  /** Told how many answers are still to be taken away. */
  onDebts?(count: number): void;
}

/** Mostly waiting for others: far more than there are cores, never more than there are slots. */
const mostWorkers = 64;
const fillKey = 'slots';
const debtsKey = 'debts';
const reasonsKey = 'reasons';

export function startChallengeController(
  context: ControllerContext,
  signal: AbortSignal,
  options: ChallengesOptions,
): RunningModule {
  const { informers, clock, log } = context;
  const { settings } = options;
  const running = options.solvers(context);
  const observer = context.observer.work('challenges');
  const house = createQueue({ clock });
  const memories = new Memories();
  const credentials = new Credentials(context);
  const debts = new Debts({
    client: context.client,
    namespace: context.options.namespace ?? context.options.clusterResourceNamespace,
    now: () => clock.now(),
    onCount: (count) => options.onDebts?.(count),
    onAdded: () => house.addAfter(debtsKey, debtDelay({ attempts: 0 })),
  });
  const released = (key: string): void => {
    slots.observe(key, informers.challenges.get(key));
    house.add(fillKey);
  };
  const removals = new Removals({
    began: (challenge) => slots.park(challenge),
    ended: (challenge) => void (slots.unpark(challenge) && house.add(fillKey)),
  });
  const holding = (): Challenge[] => slots.held();
  const paying = { context, solvers: running.solvers, settings, debts, holding, removals, signal };
  const deps = { ...paying, memories, credentials, released };
  const work = new ChallengeWork(deps);
  const waits = new WaitReasons({
    context,
    writer: new ChallengeWriter(context),
    obstacleOf: (key) => slots.obstacleOf(key),
    onWait: (afterMs) => house.addAfter(reasonsKey, afterMs),
  });
  const slots: Slots = new Slots({
    context,
    memories,
    work,
    waits,
    max: settings.maxConcurrentChallenges,
    enqueue: (key) => enqueue(key),
  });

  /** Nothing is decided over half a cache: an Order that was not heard of yet looks as if it did not exist. */
  const ready = context.synced
    .then(() => running.start?.(informers.challenges))
    .catch((err: unknown) => {
      if (!signal.aborted) log.error({ err }, 'what challenges are answered with could not be opened');
    });
  /** Each issuer's for itself: answers that take long to be put or to be taken away hold up no others. */
  const lanes: IssuerLanes = new IssuerLanes({
    clock,
    backoff: slowBackoff,
    workers: Math.max(
      1,
      Math.min(mostWorkers, Math.max(context.options.concurrency, settings.maxConcurrentChallenges)),
    ),
    observer,
    ready,
    reconcile: (key) => work.bringForward(key),
    onResult: ({ key, outcome, error, nextMs }) => {
      if (outcome === 'done') return;
      log[outcome === 'conflict' ? 'debug' : 'error'](
        { challenge: key, err: error, retryInMs: nextMs },
        'Challenge could not be brought forward',
      );
    },
  });
  const enqueue = (key: string, relisted = false): void => {
    const challenge = informers.challenges.get(key);
    if (challenge === undefined) {
      memories.forget(key);
      return lanes.forget(key);
    }
    const { metadata, spec } = challenge;
    lanes.add(issuerLane(informers, metadata?.namespace, spec.issuerRef), key, { relisted });
  };
  informers.challenges.onChange(({ key, current, previous, relisted }) => {
    const memory = memories.peek(key);
    // Where the watch was late, another one of its name is there already.
    const isGone = previous !== undefined && previous.metadata?.uid !== current?.metadata?.uid;
    if (isGone && memory?.uid === (previous.metadata?.uid ?? '')) void work.gone(previous, memory);
    credentials.keep(key, current);
    if (slots.observe(key, current)) house.add(fillKey);
    enqueue(key, relisted);
  });
  const wake = (challenges: readonly Challenge[], relisted: boolean): void => {
    for (const { metadata } of challenges) {
      const key = keyOf({ metadata });
      const memory = memories.peek(key);
      if (memory !== undefined) {
        memory.refusedUntilMs = 0;
        memory.refusals = 0;
        if (memory.blocked) memory.dueMs = 0;
      }
      slots.observe(key, informers.challenges.get(key));
      enqueue(key, relisted);
    }
    if (challenges.length > 0) house.add(fillKey);
  };
  informers.orders.onChange(({ current, previous, relisted }: Change<OrderFacts>) => {
    const { namespace, uid } = (current ?? previous)?.metadata ?? {};
    if (uid === undefined) return;
    const owned = informers.challenges.byIndex('owner', cacheKey(namespace, uid));
    wake(
      owned.filter(({ metadata }) => controllingOwner(metadata)?.kind === 'Order'),
      relisted,
    );
  });
  const wakeOfIssuer = ({ current, previous, relisted }: Change<AnyIssuer>, kind: string): void => {
    const { namespace = '', name } = (current ?? previous)?.metadata ?? {};
    if (name !== undefined)
      wake(informers.challenges.byIndex('issuer', issuerIndexKey(namespace, { name, kind })), relisted);
  };
  informers.issuers.onChange((change) => wakeOfIssuer(change, 'Issuer'));
  informers.clusterIssuers.onChange((change) => wakeOfIssuer(change, 'ClusterIssuer'));
  const wakeOfSecret = ({ key: secret, relisted }: Change<SecretFacts>): void => {
    for (const key of credentials.usersOf(secret)) {
      const challenge = informers.challenges.get(key);
      const memory = memories.peek(key);
      if (challenge === undefined || memory === undefined || !credentials.reconsider(challenge, memory))
        continue;
      if (slots.observe(key, challenge)) house.add(fillKey);
      enqueue(key, relisted);
    }
  };
  informers.secrets.onChange(wakeOfSecret);
  informers.otherSecrets.onChange(wakeOfSecret);

  const endSteps = clock.onStep?.((byMs) => {
    memories.shift(byMs);
    for (const challenge of informers.challenges.values()) slots.observe(keyOf(challenge), challenge);
    house.add(fillKey);
  });

  house.add(debtsKey);

  const lastTry = new Map<string, number>();
  const chore = (key: string): Promise<number | undefined> => {
    if (key === fillKey) return slots.fill();
    return key === reasonsKey ? waits.tell(signal) : collectDebts(paying, lastTry);
  };
  const whatFailed = new Map([
    [fillKey, 'slots could not be given'],
    [debtsKey, 'old answers could not be looked after'],
    [reasonsKey, 'why challenges wait could not be told'],
  ]);
  const chores = runWorkers(
    house,
    async (key) => {
      const after = await chore(key);
      return after === undefined ? undefined : { after };
    },
    {
      clock,
      ready,
      // One for each: what takes long must not keep others from their slots.
      workers: whatFailed.size,
      onResult: ({ key, outcome, error, nextMs }) => {
        if (outcome !== 'error' || signal.aborted) return;
        log.error({ err: error, retryInMs: nextMs }, whatFailed.get(key) ?? '');
      },
    },
  );
  const stopped = Promise.all([
    untilAborted(signal).then(() => lanes.stop()),
    stoppedBy(signal, chores),
  ]).then(() => {
    endSteps?.();
    return running.stop?.();
  });
  return { informers: running.informers, stopped };
}

function keyOf({ metadata }: Pick<Challenge, 'metadata'>): string {
  return cacheKey(metadata?.namespace, metadata?.name ?? '');
}
