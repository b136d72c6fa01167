/** Says in `status.reason` what a Challenge without a slot waits for: after a minute, seldom, and few at a time. */
import type { Challenge } from '../../api/challenge.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { boundedText } from '../bounded-text.ts';
import type { ControllerContext } from '../context.ts';
import { DueTimes } from './due-times.ts';
import type { Obstacle } from './schedule.ts';
import type { ChallengeWriter } from './writer.ts';

/** Most have had their turn by then. */
export const silenceMs = 60_000;
/** The next look at one that was told; what is true still is not written again. */
const againMs = 10 * 60_000;
/** In one round, and between two rounds: a long line costs the API server two writes a second. */
const mostAtOnce = 100;
const roundMs = 60_000;
const writesAtOnce = 4;

const beginning = 'Waiting for a slot: ';

export interface WaitReasonsDeps {
  context: Pick<ControllerContext, 'informers' | 'clock' | 'log'>;
  writer: Pick<ChallengeWriter, 'status'>;
  /** What keeps it from a slot right now; undefined: nothing, or it does not wait. */
  obstacleOf(key: string): Obstacle | undefined;
  /** Somebody waits, and nobody did: `tell` is to be called after so many milliseconds. */
  onWait(afterMs: number): void;
}

export class WaitReasons {
  readonly #deps: WaitReasonsDeps;
  readonly #due = new DueTimes();

  constructor(deps: WaitReasonsDeps) {
    this.#deps = deps;
  }

  /** It waits, since now or since before. */
  begin(key: string): void {
    if (this.#due.size === 0) this.#deps.onWait(roundMs);
    this.#due.add(key, this.#deps.context.clock.now() + silenceMs);
  }

  end(key: string): void {
    this.#due.delete(key);
  }

  /** One round. Resolves with when the next one is; undefined: nobody waits. */
  async tell(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#deps.context.clock.now();
    const keys = this.#due.take(now, mostAtOnce, now + againMs);
    for (let at = 0; at < keys.length && !signal.aborted; at += writesAtOnce)
      await Promise.all(keys.slice(at, at + writesAtOnce).map((key) => this.#tellOne(key)));
    return this.#due.size === 0 ? undefined : roundMs;
  }

  async #tellOne(key: string): Promise<void> {
    const { context, writer } = this.#deps;
    const challenge = context.informers.challenges.get(key);
    const obstacle = this.#deps.obstacleOf(key);
    if (challenge === undefined || obstacle === undefined) return;
    // Why it lost its slot, or was refused one, is worth more.
    const { reason = '' } = challenge.status ?? {};
    if (reason !== '' && !isWaitReason(reason)) return;
    try {
      await writer.status(challenge, { reason: waitReason(challenge, obstacle) });
    } catch (err) {
      // Changed or deleted meanwhile: if it still waits, the next look tells.
      if (err instanceof ConflictError || err instanceof NotFoundError) return;
      context.log.warn({ challenge: key, err }, 'why it waits for a slot could not be written');
    }
  }
}

/** Whether a reason says no more than this, so that it goes with the first step. */
export function isWaitReason(reason: string | undefined): boolean {
  return reason?.startsWith(beginning) === true;
}

export function waitReason({ metadata, spec }: Challenge, obstacle: Obstacle): string {
  const { kind = 'Issuer', name } = spec.issuerRef;
  if (obstacle.by === 'slots')
    return `${beginning}${obstacle.held} of ${obstacle.max} are taken (--max-concurrent-challenges)`;
  if (obstacle.by === 'share') {
    const { held, share, max } = obstacle;
    return boundedText(
      `${beginning}${kind} ${name} holds ${held}, and one issuer may have ${share} of the ${max} (--max-concurrent-challenges)`,
    );
  }
  const [namespace = '', other = ''] = obstacle.key.split('/');
  // Names in namespaces of others are nobody's business.
  const who = namespace === metadata?.namespace ? `: ${other}` : ', in another namespace';
  const what = obstacle.by === 'working' ? 'is at work' : 'is before it in the line';
  return boundedText(
    `${beginning}another Challenge for the same name and type (${spec.dnsName}, ${spec.type}) ${what}${who}`,
  );
}
