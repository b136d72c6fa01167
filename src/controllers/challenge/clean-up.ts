/** Takes answers away and lets go of Challenges; a deletion waits for a bounded number of attempts only. */
import { messageOf } from '../../api/message-of.ts';
import { secondsText } from '../../api/seconds-text.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { Solvers } from '../../solvers/solver.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import { boundedText } from '../bounded-text.ts';
import type { ControllerContext } from '../context.ts';
import type { Credentials } from './credentials.ts';
import { cleanUpLimit, isFinal } from './decide.ts';
import type { Debts } from './debts.ts';
import { leaveSlot, type ChallengeMemory } from './memory.ts';
import { stableReason } from './reason.ts';
import { backoff } from './retry.ts';
import { presenterOf, type Removals } from './shared-place.ts';
import { solverContext, withinTime } from './solver-context.ts';
import type { ChallengeWriter } from './writer.ts';

export interface CleanUpDeps {
  context: ControllerContext;
  solvers: Solvers;
  settings: Pick<AcmeSettings, 'ambient'>;
  credentials: Credentials;
  debts: Debts;
  /** Those with a slot. */
  holding: () => Iterable<Challenge>;
  removals: Removals;
  signal: AbortSignal;
  writer: ChallengeWriter;
}

/** So often it is tried with the slot held: whoever is next for the name should find it clean. */
const attemptsWithSlot = 3;
/** A Challenge that is over and stays is tried again so often; nobody waits for it. */
const slowRetryMs = 30 * 60_000;

export class CleanUp {
  readonly #deps: CleanUpDeps;

  constructor(deps: CleanUpDeps) {
    this.#deps = deps;
  }

  /** Its answer is taken away for good. */
  async finish(challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    const { credentials } = this.#deps;
    const versions = credentials.versionsOf(challenge);
    const problem = await this.takeAway(challenge, memory);
    if (problem === undefined) {
      // The answer to the last write may come before the watch tells that the object is gone: it is not to be done again.
      memory.cleaned = true;
      return this.letGo(challenge, memory);
    }
    const { writer, context } = this.#deps;
    const { deletionTimestamp } = challenge.metadata ?? {};
    // Counted here, too: an object whose status cannot be written must be let go of all the same.
    const attempts = Math.max(challenge.status?.cleanUpAttempts ?? 0, memory.cleanUps) + 1;
    memory.cleanUps = attempts;
    if (deletionTimestamp !== undefined && attempts > cleanUpLimit)
      return this.#owe(challenge, memory, problem);
    const wait = attempts > cleanUpLimit ? slowRetryMs : backoff(attempts);
    memory.cleanUpDueMs = context.clock.now() + wait;
    credentials.failed(memory, versions);
    credentials.reconsider(challenge, memory);
    await writer.status(challenge, {
      reason: stableReason(problem),
      cleanUpAttempts: attempts,
      nextAttemptAt: secondsText(memory.cleanUpDueMs),
      // The slot is for those who prove something.
      ...(attempts >= attemptsWithSlot ? { processing: false } : {}),
    });
  }

  /** There is nothing (more) to take away. */
  async letGo(challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    const { writer } = this.#deps;
    leaveSlot(memory);
    memory.cleanUpDueMs = 0;
    // An object that goes with its last finalizer needs no status.
    const stays = challenge.metadata?.deletionTimestamp === undefined;
    const written = stays
      ? await writer.status(challenge, {
          processing: false,
          presented: false,
          cleanUpAttempts: null,
          nextAttemptAt: null,
          ...(isFinal(challenge.status?.state)
            ? {}
            : { reason: 'Its Order has failed: there is nothing left to prove' }),
        })
      : challenge;
    await writer.letGo(written);
  }

  /** Makes room for others; it comes back at the end of the line. */
  async yieldSlot(challenge: Challenge, memory: ChallengeMemory): Promise<void> {
    const { writer, context } = this.#deps;
    const now = context.clock.now();
    const { reason = '', state, cleanUpAttempts = 0 } = challenge.status ?? {};
    // Before the CA has been asked for its state, nothing is put in place.
    const problem = state === undefined ? undefined : await this.takeAway(challenge, memory);
    // What a CA or a provider asked to be left alone for holds on without a slot, too.
    const { dueMs } = memory;
    leaveSlot(memory);
    memory.yieldedMs = now;
    memory.dueMs = 0;
    memory.refusedUntilMs = dueMs;
    const made = 'Made room for other challenges and waits for its next turn. ';
    await writer.status(challenge, {
      processing: false,
      nextAttemptAt: dueMs > now ? secondsText(dueMs) : null,
      reason: reason.startsWith(made) ? reason : boundedText(`${made}Last seen: ${reason}`),
      // A solver that cannot take its answer away must not keep the slot by that; that something is left is remembered.
      ...(problem === undefined
        ? { presented: false, presentedAt: null }
        : { cleanUpAttempts: Math.max(1, cleanUpAttempts) }),
    });
  }

  /** Undefined: nothing is left of it. Else what went wrong, which the event says in full. */
  async takeAway(challenge: Challenge, memory: ChallengeMemory): Promise<string | undefined> {
    const { context, solvers, settings, signal, writer, holding, removals } = this.#deps;
    const presenter = presenterOf(challenge, holding());
    if (presenter !== undefined) {
      const { namespace, name } = presenter.metadata ?? {};
      return `Its answer is taken away later: Challenge ${namespace}/${name} presents the same one now`;
    }
    const solving = solverContext(challenge, context.options, settings, { signal });
    try {
      await removals.run(challenge, () =>
        withinTime(context.clock, solving, (within) => solvers.for(challenge).cleanUp(within)),
      );
      memory.tried = false;
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const problem = `Error cleaning up challenge: ${messageOf(error)}`;
      writer.tell(challenge, 'Warning', 'CleanUpError', boundedText(problem));
      return problem;
    }
  }

  /** The deletion goes on; what is left is written down first. */
  async #owe(challenge: Challenge, memory: ChallengeMemory, problem: string): Promise<void> {
    const { debts, context, writer } = this.#deps;
    const dropped = await debts.add(challenge, stableReason(problem));
    const { namespace, name } = challenge.metadata ?? {};
    const { type, dnsName } = challenge.spec;
    const isKept = !dropped.some(({ uid }) => uid === challenge.metadata?.uid);
    if (isKept)
      context.log.warn(
        { challenge: `${namespace}/${name}`, type, dnsName },
        `what it put in place could not be taken away in ${cleanUpLimit} attempts and is a debt now: ${problem}`,
      );
    for (const one of dropped)
      context.log.error(
        { challenge: `${one.namespace}/${one.name}`, type: one.spec.type, dnsName: one.spec.dnsName },
        'it cannot be kept among the debts (too many, too long, or they may not be written): what this Challenge put in place is left where it is and has to be removed by hand',
      );
    writer.tell(
      challenge,
      'Warning',
      'CleanUpOwed',
      boundedText(
        `The ${type} answer for ${dnsName} could not be taken away and ${isKept ? 'is tried again in the background' : 'has to be removed by hand'}: ${problem}`,
      ),
    );
    await this.letGo(challenge, memory);
  }
}
