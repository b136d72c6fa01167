/** Carries out what was decided about an Order: calls to the CA with their failures, and its Challenges. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { AcmeProblemError } from '../../acme/errors.ts';
import type { Challenge } from '../../api/challenge.ts';
import { componentOf } from '../../api/components.ts';
import { challenges as challengeType } from '../../api/resources.ts';
import { retryTime } from '../../issuers/acme/ca-refusal.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../../kube/errors.ts';
import type { ControllerContext } from '../context.ts';
import { judgeFailure } from './ca-failure.ts';
import {
  checkOrder,
  create,
  fetchAuthorizations,
  fetchCertificate,
  fetchOrder,
  finalize,
  type StepInput,
  type StepResult,
} from './ca-steps.ts';
import type { OrderDecision } from './decide.ts';
import { challengeKey, newChallenge, type WantedChallenge } from './new-challenge.ts';
import { retryAt } from './order-memory.ts';
import { ended, waiting } from './status-patch.ts';

const component = componentOf('orders');
/** After the CA verified a name, its order may lag behind: a moment, or longer. */
const lagMs = [250, 500, 1_000, 2_000, 5_000] as const;
/** So often a CA may say that an order is pending although one of its challenges failed. */
const longestLag = 10;

/** What failed, as reasons of Orders begin. */
const doing = {
  create: 'Failed to create Order: ',
  'fetch-order': 'Failed to retrieve Order resource: ',
  'fetch-authorizations': 'Failed to fetch authorization: ',
  'fetch-certificate': 'Failed to retrieve signed certificate: ',
  finalize: 'Failed to finalize Order: ',
  'check-order': 'Failed to retrieve Order resource: ',
} as const;

type CaDecision = Extract<OrderDecision, { do: keyof typeof doing }>;

export class OrderSteps {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** One step with the CA. Failures of the CA are answers here; everything else rejects. */
  async ask(
    input: StepInput,
    decision: OrderDecision,
    challenges: readonly Challenge[],
  ): Promise<StepResult> {
    const { memory, now, issuer } = input;
    if (!(decision.do in doing)) return { status: {} };
    const step = decision as CaDecision;
    try {
      const result = await this.#call(input, step);
      memory.failures = 0;
      return afterCheck(input, step, result, challenges);
    } catch (error) {
      // Cut short by our own end: the next life of this process asks again.
      if (input.signal.aborted) throw error;
      const failure = judgeFailure(doing[step.do], error);
      memory.ready = false;
      if (step.do === 'create' && error instanceof AcmeProblemError && error.isAccountMissing) {
        // The CA lost the account, or was replaced: the issuer registers again, and the order waits for that.
        this.#context.acme.accounts.distrust(issuer);
        return { status: waiting(failure.reason, failure.problem, now + 30_000) };
      }
      if (failure.kind === 'errored')
        return { status: ended('errored', failure.reason, failure.problem, now) };
      // A person has to agree to something first: there is no hurry (RFC 8555 §7.3.3).
      const isForPerson = error instanceof AcmeProblemError && error.isUserActionRequired;
      const at = isForPerson ? retryTime(error, now) : retryAt(memory.failures, now, failure.at);
      memory.failures++;
      return { status: waiting(failure.reason, failure.problem, at) };
    }
  }

  #call(input: StepInput, decision: CaDecision): Promise<StepResult> {
    switch (decision.do) {
      case 'create':
        return create(input);
      case 'fetch-order':
        return fetchOrder(input);
      case 'fetch-authorizations':
        return fetchAuthorizations(input, decision.urls);
      case 'fetch-certificate':
        return fetchCertificate(input);
      case 'finalize':
        return finalize(input);
      default:
        return checkOrder(input);
    }
  }

  /** @param tell message of an event, once the Challenge is there */
  async createChallenges(
    order: OrderFacts,
    issuer: AnyIssuer | undefined,
    wanted: readonly WantedChallenge[],
    tell: (message: string) => void,
  ): Promise<StepResult> {
    const { client, acmeAccounts, informers } = this.#context;
    const account = issuer === undefined ? undefined : await acmeAccounts.clientFor(issuer);
    if (account === undefined) return { status: {}, afterMs: 1_000 };
    for (const one of wanted) {
      const { spec } = one;
      const authorization = spec.token === '' ? '' : account.keyAuthorization(spec.token);
      const key = challengeKey(spec.type, authorization, issuer?.status?.acme?.uri ?? '');
      const challenge = newChallenge(order, one, key);
      try {
        informers.challenges.observe(
          await client.create(challengeType, challenge, { fieldManager: component }),
        );
        tell(
          `Created Challenge resource ${JSON.stringify(one.name)} for domain ${JSON.stringify(spec.dnsName)}`,
        );
      } catch (error) {
        if (!(error instanceof AlreadyExistsError)) throw error;
        const namespace = order.metadata?.namespace;
        const there = await client.get<Challenge>(challengeType, { namespace, name: one.name });
        if (controllingOwner(there.metadata)?.uid !== order.metadata?.uid) {
          const reason = `Waiting: Challenge ${JSON.stringify(one.name)} exists and does not belong to this Order; remove it`;
          return { status: { reason }, afterMs: 60_000 };
        }
        informers.challenges.observe(there);
      }
    }
    return { status: { reason: null } };
  }

  /** Their finalizers take care of what they put into the world. */
  async deleteChallenges(challenges: readonly Challenge[]): Promise<void> {
    for (const { metadata } of challenges) {
      const { namespace, name = '', uid } = metadata ?? {};
      const options = { preconditions: { uid }, propagationPolicy: 'Background' } as const;
      try {
        await this.#context.client.delete(challengeType, { namespace, name }, options);
      } catch (error) {
        if (!(error instanceof NotFoundError) && !(error instanceof ConflictError)) throw error;
      }
    }
  }
}

/** Where the CA still calls an order pending that cannot succeed any more, or has just succeeded. */
function afterCheck(
  { memory, now, order }: StepInput,
  decision: CaDecision,
  result: StepResult,
  challenges: readonly Challenge[],
): StepResult {
  if (decision.do !== 'check-order' || result.status.state !== 'pending') return result;
  const failed = decision.failed ?? undefined;
  const lag = Math.max(lagMs[memory.polls - 1] ?? 5_000, result.namedMs ?? 0);
  const again = (afterMs: number): StepResult => {
    memory.pollAtMs = now + afterMs;
    return { status: result.status, afterMs };
  };
  if (failed === undefined && decision.early) {
    // A CA that goes on calling it pending has lost sight of what was proven: the Challenges say when something happens.
    return again(memory.polls <= longestLag ? lag : 60_000);
  }
  const { state, reason = '' } = failed?.status ?? {};
  // The CA's own verdict shows in its order sooner or later; ours does not.
  if (state === 'invalid' && memory.polls < longestLag) return again(lag);
  const name = failed?.spec.dnsName ?? '';
  const text =
    failed === undefined
      ? `${decision.why}; of ${challenges.length} Challenges none can change that`
      : `Challenge ${JSON.stringify(failed.metadata?.name ?? '')} for ${JSON.stringify(name)} is ${state ?? ''}: ${reason}`;
  return { status: ended('errored', text, order.status?.problem, now) };
}
