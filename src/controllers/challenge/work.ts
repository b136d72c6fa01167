/** Carries out the steps of Challenges: one call of a solver or of the CA each, and what the status says of it. */
import type { Challenge } from '../../api/challenge.ts';
import type { ControllerContext } from '../context.ts';
import type { AcmeClient } from '../../acme/acme-client.ts';
import { formatDuration } from '../../api/duration.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import type { SolverContext, Solvers } from '../../solvers/solver.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import { boundedText } from '../bounded-text.ts';
import { standingOf } from './authorization.ts';
import { judge } from './ca-errors.ts';
import { CleanUp } from './clean-up.ts';
import { decide, waitInstead, type ChallengeStep } from './decide.ts';
import type { Debts } from './debts.ts';
import { leaveSlot, type ChallengeMemory, type Memories } from './memory.ts';
import { cachedOrder, prove } from './proof-source.ts';
import { objectionToKey } from './prove.ts';
import { messageOf, stableReason } from './reason.ts';
import { backoff, boundedNotBefore, pollDelay } from './retry.ts';
import { solverContext, withinTime } from './solver-context.ts';
import { newChecks, timeOf, type Checks, type StatusChange } from './status.ts';
import { ChallengeWriter } from './writer.ts';

export interface ChallengeWorkDeps {
  context: ControllerContext;
  solvers: Solvers;
  settings: Pick<AcmeSettings, 'checkRetryMs' | 'ambient'>;
  memories: Memories;
  debts: Debts;
  signal: AbortSignal;
}

/** What a step needs of its issuer, proven. */
interface Licence {
  client: AcmeClient;
  solving: SolverContext;
}

/** More than any Challenge takes in one go; the rest comes with its next turn. */
const stepsAtOnce = 12;
/** A refusal or a missing account is looked at again, even if nothing seems to change. */
const lookAgainMs = 60_000;

export class ChallengeWork {
  readonly #deps: ChallengeWorkDeps;
  readonly #writer: ChallengeWriter;
  readonly #cleanUp: CleanUp;

  constructor(deps: ChallengeWorkDeps) {
    this.#deps = deps;
    this.#writer = new ChallengeWriter(deps.context);
    this.#cleanUp = new CleanUp({ ...deps, writer: this.#writer });
  }

  /** Steps until there is something to wait for; resolves with when to look again. */
  async bringForward(key: string): Promise<{ after: number } | undefined> {
    const { context, memories } = this.#deps;
    const { informers, clock } = context;
    for (let count = 0; count < stepsAtOnce; count++) {
      const challenge = informers.challenges.get(key);
      if (challenge === undefined) {
        memories.forget(key);
        return undefined;
      }
      const memory = memories.of(key, challenge.metadata?.uid ?? '');
      const orderState = cachedOrder(context, challenge)?.status?.state;
      const step = decide({ challenge, orderState, memory, now: clock.now() });
      if (step.do === 'wait')
        return step.untilMs === undefined ? undefined : { after: step.untilMs - clock.now() };
      context.log.debug({ challenge: key, step: step.do }, step.why);
      try {
        await this.#carryOut(step, challenge, memory);
        context.observer.step('challenges', step.do, false);
      } catch (error) {
        // Deleted between our look at it and our write.
        if (error instanceof NotFoundError && informers.challenges.get(key) === undefined) continue;
        context.observer.step('challenges', step.do, !(error instanceof ConflictError));
        throw error;
      }
    }
    return { after: 1_000 };
  }

  /** Undefined: it may take a slot. Else why it is refused; its status says so. */
  async refuse(key: string, challenge: Challenge): Promise<string | undefined> {
    const { context, memories } = this.#deps;
    const memory = memories.of(key, challenge.metadata?.uid ?? '');
    const proof = await prove(context, challenge, memory);
    if (proof.proven) return undefined;
    memory.refusedUntilMs = context.clock.now() + lookAgainMs;
    await this.#tellRefusal(challenge, proof.objection);
    return proof.objection;
  }

  /** Takes the slot: the first sign that it was looked at and found to be what it says. */
  async start(key: string, challenge: Challenge): Promise<void> {
    const { context, memories } = this.#deps;
    const memory = memories.of(key, challenge.metadata?.uid ?? '');
    leaveSlot(memory);
    memory.dueMs = 0;
    memory.heldSinceMs = context.clock.now();
    await this.#writer.status(challenge, { processing: true });
    this.#writer.tell(challenge, 'Normal', 'Started', 'Challenge scheduled for processing');
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
        return this.#ask(challenge, memory, licence);
      case 'present':
        return this.#present(challenge, memory, licence);
      case 'check':
        return this.#check(challenge, memory, licence);
      case 'wait-instead':
        return this.#waitInstead(challenge, memory, step.remainingMs);
      case 'accept':
        return this.#accept(challenge, memory, licence);
      case 'poll':
        return this.#poll(challenge, memory, licence);
    }
  }

  /** Proves the owner chain again, then opens the account, whose key is the first credential that is read. */
  async #licence(challenge: Challenge, memory: ChallengeMemory): Promise<Licence | undefined> {
    const { context, settings, signal } = this.#deps;
    const proof = await prove(context, challenge, memory);
    const refuse = async (objection: string): Promise<undefined> => {
      memory.stuck = true;
      memory.dueMs = context.clock.now() + lookAgainMs;
      await this.#tellRefusal(challenge, objection);
      return undefined;
    };
    if (!proof.proven) return refuse(proof.objection);
    const client = await context.acmeAccounts.clientFor(proof.issuer);
    if (client === undefined) {
      const { kind = 'Issuer', name } = challenge.spec.issuerRef;
      memory.stuck = true;
      memory.dueMs = context.clock.now() + lookAgainMs;
      await this.#writer.status(challenge, {
        reason: `Waiting for ${kind} ${name}: it has no usable account with its CA; its Ready condition says why`,
      });
      return undefined;
    }
    const objection = objectionToKey(challenge, (token) => client.keyAuthorization(token));
    if (objection !== undefined) return refuse(objection);
    const accountUri = proof.issuer.status?.acme?.uri;
    const { issuerDomainNames } = memory;
    const more = { signal, accountUri, issuerDomainNames };
    return { client, solving: solverContext(challenge, context.options, settings, more) };
  }

  async #ask(challenge: Challenge, memory: ChallengeMemory, { client }: Licence): Promise<void> {
    const { authorizationURL } = challenge.spec;
    await this.#askingCa(challenge, memory, client, async () => {
      await this.#settle(challenge, memory, await client.authorization(authorizationURL, this.#call));
    });
  }

  async #poll(challenge: Challenge, memory: ChallengeMemory, { client }: Licence): Promise<void> {
    const { authorizationURL } = challenge.spec;
    await this.#askingCa(challenge, memory, client, async () => {
      const authorization = await client.authorization(authorizationURL, this.#call);
      const open = await this.#settle(challenge, memory, authorization);
      if (!open || memory.acceptedMs === undefined) return;
      const { clock, random } = this.#deps.context;
      const nextMs = clock.now() + pollDelay(memory.polls) * (0.9 + 0.2 * random());
      memory.polls++;
      memory.dueMs = boundedNotBefore(Math.max(nextMs, authorization.retryAt ?? 0), clock.now());
    });
  }

  /** Writes what the CA says of it; true: it is still open. */
  async #settle(
    challenge: Challenge,
    memory: ChallengeMemory,
    authorization: Parameters<typeof standingOf>[0],
  ): Promise<boolean> {
    const { dnsName, type, url } = challenge.spec;
    const standing = standingOf(authorization, url);
    const next: StatusChange = { nextAttemptAt: null };
    switch (standing.kind) {
      case 'verified':
        await this.#writer.status(challenge, {
          ...next,
          state: 'valid',
          reason: 'Successfully authorized domain',
        });
        this.#writer.tell(
          challenge,
          'Normal',
          'DomainVerified',
          `Domain "${dnsName}" verified with "${type}" validation`,
        );
        return false;
      case 'failed':
        await this.#writer.status(challenge, { ...next, state: standing.state, reason: standing.reason });
        this.#writer.tell(challenge, 'Warning', 'Failed', standing.message);
        return false;
      case 'unknown': {
        const reason = 'unexpected non-ACME API error: challenge was not present in authorization';
        await this.#writer.status(challenge, { ...next, state: 'errored', reason });
        this.#writer.tell(challenge, 'Warning', 'Failed', reason);
        return false;
      }
      case 'open': {
        memory.known = true;
        memory.issuerDomainNames = authorization.challenges.find((one) => one.url === url)?.issuerDomainNames;
        if (standing.state === 'processing') memory.acceptedMs ??= this.#deps.context.clock.now();
        const { state, reason } = challenge.status ?? {};
        // What is being waited for is worth more than that nothing is wrong.
        const said = standing.reason !== '' || state === undefined ? standing.reason : reason;
        await this.#writer.status(challenge, { ...next, state: standing.state, reason: said });
        return true;
      }
    }
  }

  async #present(challenge: Challenge, memory: ChallengeMemory, { solving }: Licence): Promise<void> {
    const { solvers, context } = this.#deps;
    const { clock } = context;
    try {
      await withinTime(clock, solving, (within) => solvers.for(challenge).present(within));
    } catch (error) {
      const problem = `Error presenting challenge: ${messageOf(error)}`;
      this.#writer.tell(challenge, 'Warning', 'PresentError', boundedText(problem));
      memory.stuck = true;
      return this.#later(challenge, memory, stableReason(problem), error);
    }
    memory.presentedMs = clock.now();
    if (challenge.status?.presented === true) return;
    memory.failures = 0;
    const { type } = challenge.spec;
    await this.#writer.status(challenge, {
      presented: true,
      presentedAt: timeOf(clock.now()),
      reason: '',
      nextAttemptAt: null,
    });
    const message = `Presented challenge using ${type} challenge mechanism`;
    this.#writer.tell(challenge, 'Normal', 'Presented', message);
  }

  async #check(challenge: Challenge, memory: ChallengeMemory, { solving }: Licence): Promise<void> {
    const { solvers, context, settings } = this.#deps;
    const { clock } = context;
    const { type } = challenge.spec;
    let problem: string;
    let checks: Checks = [];
    try {
      const result = await withinTime(clock, solving, (within) => solvers.for(challenge).check(within));
      const checkedAt = timeOf(clock.now());
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
            reason: `Every view that counts has seen the ${type} answer; the CA is told to look at ${timeOf(memory.passedMs + memory.settleMs)}`,
            checks,
            nextAttemptAt: timeOf(memory.passedMs + memory.settleMs),
          });
        return;
      }
      problem = result.problem;
    } catch (error) {
      problem = messageOf(error);
    }
    memory.stuck = true;
    memory.failures++;
    memory.dueMs = clock.now() + settings.checkRetryMs;
    await this.#writer.status(challenge, {
      reason: stableReason(`Waiting for ${type} challenge propagation: ${problem}`),
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
      ...(challenge.status?.presentedAt === undefined ? { presentedAt: timeOf(now) } : {}),
    });
  }

  async #accept(challenge: Challenge, memory: ChallengeMemory, { client }: Licence): Promise<void> {
    const { clock } = this.#deps.context;
    await this.#askingCa(challenge, memory, client, async () => {
      const accepted = await client.acceptChallenge(challenge.spec.url, this.#call);
      memory.acceptedMs = clock.now();
      memory.polls = 0;
      memory.stuck = false;
      const done = accepted.status === 'valid' || accepted.status === 'invalid';
      if (!done) memory.dueMs = clock.now() + pollDelay(0);
      const { status } = challenge;
      await this.#writer.status(challenge, {
        // Why it is valid or invalid is for the authorization to say, which is asked next.
        state: done ? 'processing' : accepted.status,
        reason: waitInstead(challenge) === undefined ? '' : (status?.reason ?? ''),
        checks: newChecks(status?.checks, memory.checks ?? status?.checks ?? []),
        nextAttemptAt: null,
      });
      memory.checks = undefined;
    });
  }

  /** One call to the CA, and what its failure means (acme.md §7.4). */
  async #askingCa(
    challenge: Challenge,
    memory: ChallengeMemory,
    client: AcmeClient,
    call: () => Promise<void>,
  ): Promise<void> {
    try {
      await call();
      memory.faults = 0;
      memory.failures = 0;
    } catch (error) {
      let fault = judge(error, memory.faults);
      if (fault.kind === 'look') {
        const authorization = await client
          .authorization(challenge.spec.authorizationURL, this.#call)
          .catch(() => undefined);
        const open =
          authorization === undefined || standingOf(authorization, challenge.spec.url).kind === 'open';
        // It was decided already: the order of things at the CA was another one (acme.md §18, 14).
        if (!open) return void (await this.#settle(challenge, memory, authorization));
        fault = { ...fault, kind: 'end' };
      }
      if (fault.kind === 'end') {
        const { state, reason } = fault;
        await this.#writer.status(challenge, { state, reason, nextAttemptAt: null });
        this.#writer.tell(challenge, 'Warning', 'Failed', boundedText(messageOf(error)));
        return;
      }
      if (fault.fault) memory.faults++;
      await this.#later(challenge, memory, stableReason(fault.reason), error, fault.notBeforeMs);
    }
  }

  /** The same again, later; the status says why and when. */
  async #later(
    challenge: Challenge,
    memory: ChallengeMemory,
    reason: string,
    error: unknown,
    notBeforeMs = 0,
  ): Promise<void> {
    const { clock, log } = this.#deps.context;
    const asked = retryAfterOf(error);
    memory.failures++;
    const wait = Math.max(backoff(memory.failures), asked);
    memory.dueMs = boundedNotBefore(Math.max(clock.now() + wait, notBeforeMs), clock.now());
    log.warn({ challenge: nameOf(challenge), err: error, retryInMs: memory.dueMs - clock.now() }, reason);
    await this.#writer.status(challenge, { reason, nextAttemptAt: timeOf(memory.dueMs) });
  }

  get #call(): { signal: AbortSignal } {
    return { signal: this.#deps.signal };
  }
}

function retryAfterOf(error: unknown): number {
  const { retryAfterMs } = (error ?? {}) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? retryAfterMs : 0;
}

function nameOf({ metadata }: Challenge): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
