/** The same attempt again, later; the status says why and when. */
import { secondsText } from '../../api/seconds-text.ts';
import type { Challenge } from '../../api/challenge.ts';
import { retryAfterOf } from '../../kube/retry-after.ts';
import type { ControllerContext } from '../context.ts';
import type { ChallengeMemory } from './memory.ts';
import { backoff, boundedNotBefore } from './retry.ts';
import type { ChallengeWriter } from './writer.ts';

export interface Postponed {
  challenge: Challenge;
  memory: ChallengeMemory;
  reason: string;
  error: unknown;
  /** What the far side asked for. Milliseconds since the epoch. */
  notBeforeMs?: number | undefined;
}

export async function later(
  { clock, log }: Pick<ControllerContext, 'clock' | 'log'>,
  writer: ChallengeWriter,
  { challenge, memory, reason, error, notBeforeMs = 0 }: Postponed,
): Promise<void> {
  memory.failures++;
  const wait = Math.max(backoff(memory.failures), retryAfterOf(error));
  memory.dueMs = boundedNotBefore(Math.max(clock.now() + wait, notBeforeMs), clock.now());
  const { namespace = '', name = '' } = challenge.metadata ?? {};
  log.warn({ challenge: `${namespace}/${name}`, err: error, retryInMs: memory.dueMs - clock.now() }, reason);
  await writer.status(challenge, { reason, nextAttemptAt: secondsText(memory.dueMs) });
}
