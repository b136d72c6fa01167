/** Carries out the steps of Challenges: one call of a solver or of the CA each, and what the status says of it. */
import { messageOf } from '../../api/message-of.ts';
import { secondsText } from '../../api/seconds-text.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { ControllerContext } from '../context.ts';
import type { AcmeClient } from '../../acme/acme-client.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { formatDuration } from '../../api/duration.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { retryAfterOf } from '../../kube/retry-after.ts';
import type { SolverContext, Solvers } from '../../solvers/solver.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import { isAnsweredHere } from '../../solvers/answered-here.ts';
import { boundedText } from '../bounded-text.ts';
import { CaConversation } from './ca-conversation.ts';
import { CleanUp } from './clean-up.ts';
import type { Credentials } from './credentials.ts';
import { decide, ownsWhatItPuts, type ChallengeStep } from './decide.ts';
import type { Debts } from './debts.ts';
import { leaveSlot, type ChallengeMemory, type Memories } from './memory.ts';
import { cachedOrder, prove } from './proof-source.ts';
import { objectionToKey, specWasChanged } from './prove.ts';
import { backoff, checkDelay } from './retry.ts';
import { stableReason } from './reason.ts';
import { later } from './later.ts';
import type { Removals } from './shared-place.ts';
import { solverContext, withinTime } from './solver-context.ts';
import { newChecks, type Checks } from './status.ts';
import { isWaitReason } from './wait-reasons.ts';
import { ChallengeWriter } from './writer.ts';

export interface ChallengeWorkDeps {
  context: ControllerContext;
  solvers: Solvers;
  settings: Pick<AcmeSettings, 'checkRetryMs' | 'ambient'>;
  memories: Memories;
  credentials: Credentials;
  debts: Debts;
  /** Those with a slot. */
  holding: () => Iterable<Challenge>;
  removals: Removals;
  signal: AbortSignal;
  /** Told that a Challenge has given its slot back. */
  released: (key: string) => void;
}

interface Account {
  client: AcmeClient;
  issuer: AnyIssuer;
}

/** What a step needs of its issuer, proven. */
interface Licence {
  client: AcmeClient;
  solving: SolverContext;
}

/** More than any Challenge takes in one go; the rest comes with its next turn. */
const stepsAtOnce = 12;
/** A missing account is looked at again, even if nothing seems to change; a refusal, too, twice as late each time. */
const lookAgainMs = 60_000;
const longestRefusalMs = 30 * 60_000;

export class ChallengeWork {
  readonly #deps: ChallengeWorkDeps;
  readonly #writer: ChallengeWriter;
  readonly #cleanUp: CleanUp;
  readonly #ca: CaConversation;

  constructor(deps: ChallengeWorkDeps) {
    this.#deps = deps;
    this.#writer = new ChallengeWriter(deps.context);
    this.#cleanUp = new CleanUp({ ...deps, writer: this.#writer });
    this.#ca = new CaConversation({ ...deps, writer: this.#writer, cleanUp: this.#cleanUp });
  }

  /** Steps until there is something to wait for; resolves with when to look again. */
  async bringForward(key: string): Promise<{ after: number } | undefined> {
    const { context, memories } = this.#deps;
    const { informers, clock } = context;
    for (let count = 0; count < stepsAtOnce; count++) {
      const stored = informers.challenges.get(key);
      if (stored === undefined) {
        memories.forget(key);
        return undefined;
      }
      const memory = memories.of(key, stored.metadata?.uid ?? '');
      const challenge = this.#writer.view(stored, memory);
      const orderState = cachedOrder(context, challenge)?.status?.state;
      const step = decide({ challenge, orderState, memory, now: clock.now() });
      if (step.do === 'wait') {
        const { unwrittenUntilMs: writtenMs } = memory;
        if (writtenMs === undefined || writtenMs > clock.now()) {
          const nextMs = Math.min(step.untilMs ?? Infinity, writtenMs ?? Infinity);
          return nextMs === Infinity ? undefined : { after: nextMs - clock.now() };
        }
      }
      context.log.debug({ challenge: key, step: step.do }, step.why);
      const wasHeldBack = memory.unwritten !== undefined;
      try {
        if (step.do === 'wait') await this.#writer.status(challenge, {});
        else await this.#carryOut(step, challenge, memory);
        // The answer to the write that ends an object carries the version from before it: the cache does not take it.
        if (stored.metadata?.deletionTimestamp !== undefined && isLast(step, memory)) return { after: 1_000 };
      } catch (error) {
        // Deleted between our look at it and our write.
        if (error instanceof NotFoundError) {
          if (informers.challenges.get(key) === undefined) continue;
          // The watch has not told of it yet.
          context.log.debug({ challenge: key, err: error }, 'was deleted meanwhile');
          return { after: 1_000 };
        }
        const hasSlot = stored.status?.processing === true || memory.unwritten?.processing !== true;
        if (!hasSlot && !(error instanceof ConflictError)) await this.#giveUp(key, challenge, memory);
        throw error;
      } finally {
        // The watch may have told of that write, or of what refused it, before the answer came, when the slot still seemed
        // to be held by what was not written yet: nobody else would look at it again.
        if (wasHeldBack && memory.unwritten === undefined) this.#deps.released(key);
        const isThere = informers.challenges.get(key)?.metadata?.uid === challenge.metadata?.uid;
        // Whoever heard of its end had nothing to take away yet.
        if (!isThere) await this.gone(challenge, memory);
      }
    }
    return { after: 1_000 };
  }

  /** A slot that cannot be written down is none: it must not be kept from all others. */
  async #giveUp(key: string, challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    const { context, released } = this.#deps;
    if (memory.tried) await this.#cleanUp.takeAway(challenge, memory);
    leaveSlot(memory);
    memory.refusedUntilMs = context.clock.now() + backoff(++memory.refusals);
    released(key);
  }

  /** Undefined: it may take a slot. Else why it is refused; its status says so. */
  async refuse(key: string, challenge: Challenge): Promise<string | undefined> {
    const memory = this.#deps.memories.of(key, challenge.metadata?.uid ?? '');
    const account = await this.#account(challenge, memory);
    return 'objection' in account ? account.objection : undefined;
  }

  /** Takes the slot: the first sign that it was looked at and found to be what it says. */
  async start(key: string, challenge: Challenge): Promise<void> {
    const { context, memories } = this.#deps;
    const memory = memories.of(key, challenge.metadata?.uid ?? '');
    leaveSlot(memory);
    memory.dueMs = 0;
    memory.failedWith = undefined;
    memory.heldSinceMs = context.clock.now();
    memory.cleaned = false;
    const started = { reason: 'Started', message: 'Challenge scheduled for processing' };
    const told = isWaitReason(challenge.status?.reason) ? { reason: '' } : {};
    const change = { processing: true, ...told };
    if (ownsWhatItPuts(challenge)) return this.#writer.soon(memory, change, started);
    // What could be left in the world is put there by Challenges that say so: whoever comes after us looks for it.
    await this.#writer.status(challenge, change);
    this.#writer.tell(challenge, 'Normal', started.reason, started.message);
  }

  /** It was deleted without waiting for us: what this process answers goes, too. Does not reject. */
  async gone(challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    if (!memory.tried || !isAnsweredHere(challenge.spec.solver)) return;
    const about = { challenge: nameOf(challenge) };
    try {
      const problem = await this.#cleanUp.takeAway(challenge, memory);
      if (problem !== undefined) this.#deps.context.log.warn(about, problem);
    } catch (err) {
      // The process ends, and its answers with it.
      this.#deps.context.log.debug({ ...about, err }, 'its answer was not taken away');
    }
  }

  async #tellRefusal(challenge: Challenge, objection: string): Promise<void> {
    const reason = stableReason(`Not worked on: ${objection}`);
    if (challenge.status?.reason === reason) return;
    this.#deps.context.log.warn({ challenge: nameOf(challenge) }, reason);
    await this.#writer.status(challenge, { reason });
    this.#writer.tell(challenge, 'Warning', 'Refused', reason);
  }

  async #carryOut(step: ChallengeStep, challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    switch (step.do) {
      case 'clean-up':
        return this.#cleanUp.finish(challenge, memory);
      case 'let-go':
        if (specWasChanged(challenge))
          this.#writer.tell(challenge, 'Warning', 'Refused', `Let go: ${step.why}`);
        return this.#cleanUp.letGo(challenge, memory);
      case 'yield':
        return this.#cleanUp.yieldSlot(challenge, memory);
      case 'wait':
        return;
      default:
    }
    const licence = await this.#licence(challenge, memory);
    if (licence === undefined) return;
    switch (step.do) {
      case 'hold':
        await this.#writer.hold(challenge);
        return;
      case 'ask':
        return this.#ca.ask(challenge, memory, licence.client);
      case 'present':
        return this.#present(challenge, memory, licence);
      case 'check':
        return this.#check(challenge, memory, licence);
      case 'wait-instead':
        return this.#waitInstead(challenge, memory, step.remainingMs);
      case 'accept':
        return this.#ca.accept(challenge, memory, licence.client);
      case 'poll':
        return this.#ca.poll(challenge, memory, licence.client);
    }
  }

  /**
   * Proves the owner chain, then opens the account, whose key is the first credential that is read, and holds the
   * Challenge against it. What speaks against it is told, and stays true until something changes.
   */
  async #account(challenge: Challenge, memory: ChallengeMemory): Promise<Account | { objection: string }> {
    const { context } = this.#deps;
    const block = (waitMs: number): void => {
      memory.stuck = true;
      memory.blocked = true;
      memory.dueMs = memory.refusedUntilMs = context.clock.now() + waitMs;
    };
    const refuse = async (objection: string): Promise<{ objection: string }> => {
      // Each look asks the API server, and whoever writes such Challenges may write many.
      block(Math.min(longestRefusalMs, lookAgainMs * 2 ** Math.min(memory.refusals++, 10)));
      await this.#tellRefusal(challenge, objection);
      return { objection };
    };
    const proof = await prove(context, challenge, memory);
    if (!proof.proven) return refuse(proof.objection);
    const client = await context.acmeAccounts.clientFor(proof.issuer);
    if (client === undefined) {
      const { kind = 'Issuer', name } = challenge.spec.issuerRef;
      const objection = `Waiting for ${kind} ${name}: it has no usable account with its CA; its Ready condition says why`;
      block(lookAgainMs);
      await this.#writer.status(challenge, { reason: objection });
      return { objection };
    }
    const objection = objectionToKey(challenge, (token) => client.keyAuthorization(token));
    if (objection !== undefined) return refuse(objection);
    memory.blocked = false;
    memory.refusals = 0;
    return { client, issuer: proof.issuer };
  }

  async #licence(challenge: Challenge, memory: ChallengeMemory): Promise<Licence | undefined> {
    const { context, settings, signal } = this.#deps;
    const account = await this.#account(challenge, memory);
    if ('objection' in account) return undefined;
    const accountUri = account.issuer.status?.acme?.uri;
    const { issuerDomainNames } = memory;
    const more = { signal, accountUri, issuerDomainNames };
    return { client: account.client, solving: solverContext(challenge, context.options, settings, more) };
  }

  async #present(challenge: Challenge, memory: ChallengeMemory, { solving }: Licence): Promise<void> {
    const { solvers, context, credentials } = this.#deps;
    const { clock } = context;
    const versions = credentials.versionsOf(challenge);
    try {
      await withinTime(clock, solving, (within) => solvers.for(challenge).present(within));
    } catch (error) {
      const problem = `Error presenting challenge: ${messageOf(error)}`;
      this.#writer.tell(challenge, 'Warning', 'PresentError', boundedText(problem));
      memory.stuck = true;
      await later(context, this.#writer, { challenge, memory, reason: stableReason(problem), error });
      // A provider that named a time keeps it, with whatever credentials.
      credentials.failed(memory, retryAfterOf(error) > 0 ? undefined : versions);
      credentials.reconsider(challenge, memory);
      return;
    } finally {
      memory.tried = true;
    }
    memory.presentedMs = clock.now();
    memory.failedWith = undefined;
    memory.cleaned = false;
    if (challenge.status?.presented === true) return;
    memory.failures = 0;
    const { type } = challenge.spec;
    const message = `Presented challenge using ${type} challenge mechanism`;
    const change = {
      presented: true,
      presentedAt: secondsText(clock.now()),
      reason: '',
      nextAttemptAt: null,
    };
    this.#writer.soon(memory, change, { reason: 'Presented', message });
  }

  async #check(challenge: Challenge, memory: ChallengeMemory, { solving }: Licence): Promise<void> {
    const { solvers, context, settings } = this.#deps;
    const { clock } = context;
    const { type } = challenge.spec;
    let problem: string;
    let checks: Checks = [];
    try {
      const result = await withinTime(clock, solving, (within) => solvers.for(challenge).check(within));
      const checkedAt = secondsText(clock.now());
      checks = result.views.slice(0, 32).map(({ view, passed, trusted, answer }) => {
        return { view, passed, trusted, answer: stableReason(answer), checkedAt };
      });
      if (result.notice !== undefined)
        this.#writer.tell(challenge, 'Warning', 'ValidationRecordEnding', boundedText(result.notice));
      if (result.passed) {
        memory.passedMs = clock.now();
        memory.settleMs = Math.max(0, result.settleMs ?? 0);
        memory.checks = checks;
        memory.failures = 0;
        memory.stuck = false;
        if (memory.settleMs > 0)
          await this.#writer.status(challenge, {
            reason: `Every view that counts has seen the ${type} answer; the CA is told to look at ${secondsText(memory.passedMs + memory.settleMs)}`,
            checks,
            nextAttemptAt: secondsText(memory.passedMs + memory.settleMs),
          });
        return;
      }
      problem = result.problem;
    } catch (error) {
      problem = messageOf(error);
    }
    memory.stuck = true;
    memory.failures++;
    memory.dueMs = clock.now() + checkDelay(type, memory.failures, settings.checkRetryMs);
    const reason = stableReason(`Waiting for ${type} challenge propagation: ${problem}`);
    // Once for each finding: whoever reads the log sees what the order waits for.
    if (challenge.status?.reason !== reason) context.log.info({ challenge: nameOf(challenge) }, reason);
    await this.#writer.status(challenge, {
      reason,
      checks: newChecks(challenge.status?.checks, checks),
      nextAttemptAt: null,
    });
  }

  async #waitInstead(challenge: Challenge, memory: ChallengeMemory, remainingMs: number): Promise<void> {
    const { context, settings } = this.#deps;
    const now = context.clock.now();
    memory.dueMs = now + Math.min(remainingMs, settings.checkRetryMs);
    const remaining = formatDuration(Math.ceil(remainingMs / 1000) * 1000);
    await this.#writer.status(challenge, {
      reason: `Waiting ${remaining} before accepting ${challenge.spec.type} challenge without self-check`,
      // Objects that an older version presented do not say when.
      ...(challenge.status?.presentedAt === undefined ? { presentedAt: secondsText(now) } : {}),
    });
  }
}

/** A Challenge that is being deleted is gone with it. */
function isLast(step: ChallengeStep, { cleaned }: ChallengeMemory): boolean {
  return step.do === 'let-go' || (step.do === 'clean-up' && cleaned);
}

function nameOf({ metadata }: Challenge): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
