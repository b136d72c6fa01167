/** What is said to the CA about a Challenge, and what its answers and failures make of it (acme.md §7.3 steps 6, 9, 10; §7.4). */
import { messageOf } from '../../api/message-of.ts';
import type { AcmeAuthorization, AcmeClient } from '../../acme/acme-client.ts';
import type { Challenge } from '../../api/challenge.ts';
import { boundedText } from '../bounded-text.ts';
import type { ControllerContext } from '../context.ts';
import { standingOf } from './authorization.ts';
import { judge } from './ca-errors.ts';
import type { CleanUp } from './clean-up.ts';
import { ownsWhatItPuts, waitInstead } from './decide.ts';
import { later } from './later.ts';
import type { ChallengeMemory } from './memory.ts';
import { stableReason } from './reason.ts';
import { boundedNotBefore, pollDelay } from './retry.ts';
import { newChecks, type StatusChange } from './status.ts';
import type { ChallengeWriter } from './writer.ts';

export interface CaConversationDeps {
  cleanUp: Pick<CleanUp, 'takeAway'>;
  context: Pick<ControllerContext, 'clock' | 'random' | 'log'>;
  writer: ChallengeWriter;
  signal: AbortSignal;
}

export class CaConversation {
  readonly #deps: CaConversationDeps;
  readonly #writer: ChallengeWriter;

  constructor(deps: CaConversationDeps) {
    this.#deps = deps;
    this.#writer = deps.writer;
  }

  /** The state at the CA, before anything is put in place. */
  async ask(challenge: Challenge, memory: ChallengeMemory, client: AcmeClient): Promise<void> {
    const { authorizationURL } = challenge.spec;
    await this.#askingCa(challenge, memory, client, async () => {
      await this.#settle(challenge, memory, await client.authorization(authorizationURL, this.#call));
    });
  }

  /** Whether the CA has looked. */
  async poll(challenge: Challenge, memory: ChallengeMemory, client: AcmeClient): Promise<void> {
    const { authorizationURL } = challenge.spec;
    await this.#askingCa(challenge, memory, client, async () => {
      const authorization = await client.authorization(authorizationURL, this.#call);
      const open = await this.#settle(challenge, memory, authorization);
      if (!open || memory.acceptedMs === undefined) return;
      const { clock, random } = this.#deps.context;
      const now = clock.now();
      const nextMs = now + pollDelay(memory.polls) * (0.9 + 0.2 * random());
      memory.polls++;
      const { retryAt } = authorization;
      memory.dueMs = retryAt === undefined ? nextMs : boundedNotBefore(Math.max(nextMs, retryAt), now);
    });
  }

  /** Writes what the CA says of it; true: it is still open. */
  async #settle(
    challenge: Challenge,
    memory: ChallengeMemory,
    authorization: AcmeAuthorization,
  ): Promise<boolean> {
    const { dnsName, type, url } = challenge.spec;
    const standing = standingOf(authorization, url);
    const next: StatusChange = { nextAttemptAt: null };
    switch (standing.kind) {
      case 'verified':
        memory.cleaned = await this.#tookAway(challenge, memory);
        await this.#writer.status(challenge, {
          ...next,
          state: 'valid',
          reason: 'Successfully authorized domain',
          ...(memory.cleaned ? { processing: false, presented: false, cleanUpAttempts: null } : {}),
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
      case 'open':
        break;
    }
    memory.known = true;
    memory.issuerDomainNames = authorization.challenges.find((one) => one.url === url)?.issuerDomainNames;
    if (standing.state === 'processing') {
      memory.acceptedMs ??= this.#deps.context.clock.now();
      memory.toldMs ??= memory.acceptedMs;
    }
    const { state, reason } = challenge.status ?? {};
    // What is being waited for is worth more than that nothing is wrong.
    const said = standing.reason !== '' || state === undefined ? standing.reason : reason;
    this.#writer.soon(memory, { ...next, state: standing.state, reason: said });
    return true;
  }

  /**
   * What costs the API server alone is taken away before it is said that the CA needs it no more: one write then says
   * both. What costs others takes longer, and the Order is not to wait for it.
   */
  async #tookAway(challenge: Challenge, memory: ChallengeMemory): Promise<boolean> {
    // Also where nobody has noted that something was presented: a process before this one may have had no time for it.
    if (!ownsWhatItPuts(challenge)) return false;
    return (await this.#deps.cleanUp.takeAway(challenge, memory)) === undefined;
  }

  /** Tells the CA to look. */
  async accept(challenge: Challenge, memory: ChallengeMemory, client: AcmeClient): Promise<void> {
    const { clock } = this.#deps.context;
    await this.#askingCa(challenge, memory, client, async () => {
      const accepted = await client.acceptChallenge(challenge.spec.url, this.#call);
      memory.acceptedMs = clock.now();
      memory.toldMs ??= memory.acceptedMs;
      memory.polls = 0;
      memory.stuck = false;
      const done = accepted.status === 'valid' || accepted.status === 'invalid';
      if (!done) memory.dueMs = clock.now() + pollDelay(0);
      const { status } = challenge;
      this.#writer.soon(memory, {
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
      const now = this.#deps.context.clock.now();
      let fault = judge(error, memory.faults, now);
      let cause = error;
      if (fault.kind === 'look') {
        try {
          const authorization = await client.authorization(challenge.spec.authorizationURL, this.#call);
          // It was decided already: the order of things at the CA was another one (acme.md §18, 14).
          if (standingOf(authorization, challenge.spec.url).kind !== 'open')
            return void (await this.#settle(challenge, memory, authorization));
        } catch (failure) {
          const other = judge(failure, memory.faults, now);
          // A look that may succeed later ends nothing: the same call is made again, and then the same look.
          if (other.kind === 'wait') [fault, cause] = [other, failure];
        }
        if (fault.kind === 'look') fault = { ...fault, kind: 'end' };
      }
      if (fault.kind === 'end') {
        const { state, reason } = fault;
        await this.#writer.status(challenge, { state, reason, nextAttemptAt: null });
        this.#writer.tell(challenge, 'Warning', 'Failed', boundedText(messageOf(error)));
        return;
      }
      if (fault.fault) memory.faults++;
      memory.stuck = true;
      const { notBeforeMs } = fault;
      const reason = stableReason(fault.reason);
      await later(this.#deps.context, this.#writer, { challenge, memory, reason, error: cause, notBeforeMs });
    }
  }

  get #call(): { signal: AbortSignal } {
    return { signal: this.#deps.signal };
  }
}
