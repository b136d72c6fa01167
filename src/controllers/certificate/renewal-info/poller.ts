/** Asks CAs when to renew (RFC 9773 §4): outside decisions, few at a time, slowly, and one that is down not again and again. */
import { messageOf } from '../../../api/message-of.ts';
import { AcmeProblemError, AcmeProtocolError } from '../../../acme/errors.ts';
import { cacheKey } from '../../../kube/cache.ts';
import type { Timer } from '../../../kube/clock.ts';
import { Line } from '../../../kube/line.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import type { ControllerContext } from '../../context.ts';
import { renewalQuestion } from './certificate-origin.ts';
import type { RenewalNews } from './renewal-info.ts';

export interface PollerLimits {
  /** Questions under way at a time, over all CAs and to one of them. */
  inFlight: number;
  perIssuer: number;
  /** To one CA: so many at once, then one each `everyMs`. Ten thousand certificates that are all due take half an hour. */
  burst: number;
  everyMs: number;
  /** After a CA could not be asked: the pause before the next question, which doubles up to the longest. */
  pauseMs: number;
  longestPauseMs: number;
  /** A CA without renewal information is asked for it again after this. */
  noneMs: number;
}

export const defaultPollerLimits: PollerLimits = {
  inFlight: 8,
  perIssuer: 2,
  burst: 20,
  everyMs: 200,
  pauseMs: 60_000,
  longestPauseMs: 3_600_000,
  noneMs: 6 * 3_600_000,
};

/** One CA as one issuer reaches it. */
interface Lane {
  /** Certificates (`namespace/name`) that wait to be asked about, in order. */
  waiting: Line<string>;
  active: number;
  tokens: number;
  filledAt: number;
  failures: number;
  /** Nothing is asked before. Milliseconds since the epoch. */
  pausedUntil: number;
  /** It has no renewal information, as far as we know until then. */
  noneUntil: number;
  timer?: Timer;
}

type PollerContext = Pick<ControllerContext, 'clock' | 'log' | 'informers' | 'options' | 'acmeAccounts'>;

export class RenewalInfoPoller {
  readonly #context: PollerContext;
  readonly #limits: PollerLimits;
  readonly #wake: (key: string) => void;
  readonly #signal: AbortSignal;
  readonly #lanes = new Map<string, Lane>();
  /** How many lanes there are when those that nobody needs are looked for. */
  #sweepAt = 64;
  /** Lanes with somebody waiting and no timer: whoever was served is last, or CAs that are slow had every place. */
  readonly #ready = new Line<Lane>();
  /** Certificates that wait or are being asked about. */
  readonly #asked = new Map<string, Lane>();
  /** Answers that no status holds yet. */
  readonly #news = new Map<string, { certId: string; news: RenewalNews }>();
  #active = 0;

  /** @param wake has a Certificate decided about anew */
  constructor(
    context: PollerContext,
    wake: (key: string) => void,
    signal: AbortSignal,
    limits: PollerLimits = defaultPollerLimits,
  ) {
    this.#context = context;
    this.#wake = wake;
    this.#signal = signal;
    this.#limits = limits;
  }

  /** What is known of Certificate `key` and the certificate with this identifier. */
  stateOf(key: string, certId: string): { news?: RenewalNews; asked: boolean } {
    const held = this.#news.get(key);
    const asked = this.#asked.has(key);
    return held?.certId === certId ? { asked, news: held.news } : { asked };
  }

  /** The CA behind this issuer has no renewal information. */
  hasNone(issuer: AnyIssuer): boolean {
    const lane = this.#lanes.get(laneKey(issuer));
    return lane !== undefined && this.#isAhead(lane.noneUntil, this.#limits.noneMs);
  }

  /** Asks about Certificate `namespace/name` when its turn comes; once, however often this is called. */
  ask(key: string, issuer: AnyIssuer): void {
    if (this.#asked.has(key) || this.#signal.aborted) return;
    const name = laneKey(issuer);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      this.#sweep();
      const { burst } = this.#limits;
      const filledAt = this.#context.clock.now();
      lane = {
        waiting: new Line(),
        active: 0,
        tokens: burst,
        filledAt,
        failures: 0,
        pausedUntil: 0,
        noneUntil: 0,
      };
      this.#lanes.set(name, lane);
    }
    this.#asked.set(key, lane);
    lane.waiting.add(key);
    this.#stand(lane);
    this.#serve();
  }

  #stand(lane: Lane): void {
    if (lane.waiting.size > 0 && lane.timer === undefined) this.#ready.add(lane);
  }

  /** Each lane at most once: those that cannot go on have all that they may, or get a timer. */
  #serve(): void {
    for (let left = this.#ready.size; left > 0 && this.#active < this.#limits.inFlight; left--) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      this.#next(lane);
      this.#stand(lane);
    }
  }

  /** The status holds this answer now. */
  taken(key: string, news: RenewalNews): void {
    if (this.#news.get(key)?.news === news) this.#news.delete(key);
  }

  forget(key: string): void {
    this.#news.delete(key);
    if (this.#asked.get(key)?.waiting.delete(key) === true) this.#asked.delete(key);
  }

  /** Certificates of which something is remembered. */
  get size(): number {
    return this.#asked.size + this.#news.size;
  }

  #next(lane: Lane): void {
    const { clock } = this.#context;
    const { inFlight, perIssuer, burst, everyMs } = this.#limits;
    while (lane.waiting.size > 0 && lane.active < perIssuer && this.#active < inFlight) {
      if (this.#signal.aborted) return;
      const now = clock.now();
      // A clock that was set back neither fills nor freezes anything.
      lane.tokens = Math.min(burst, lane.tokens + Math.max(0, now - lane.filledAt) / everyMs);
      lane.filledAt = now;
      const { longestPauseMs } = this.#limits;
      const paused = this.#isAhead(lane.pausedUntil, longestPauseMs) ? lane.pausedUntil - now : 0;
      const wait = Math.max(paused, lane.tokens < 1 ? (1 - lane.tokens) * everyMs : 0);
      if (wait > 0) {
        lane.timer ??= clock.after(Math.ceil(wait), () => {
          lane.timer = undefined;
          this.#stand(lane);
          this.#serve();
        });
        return;
      }
      const key = lane.waiting.shift();
      if (key === undefined) return;
      lane.tokens--;
      lane.active++;
      this.#active++;
      void this.#question(lane, key).finally(() => {
        lane.active--;
        this.#active--;
        this.#stand(lane);
        this.#serve();
      });
    }
  }

  /** Never rejects. */
  async #question(lane: Lane, key: string): Promise<void> {
    const { informers, clock, log, acmeAccounts } = this.#context;
    const certificate = informers.certificates.get(key);
    const secretName = certificate?.spec.secretName;
    const secret =
      secretName === undefined
        ? undefined
        : informers.secrets.get(cacheKey(certificate?.metadata?.namespace, secretName));
    const question =
      certificate === undefined ? undefined : renewalQuestion(this.#context, certificate, secret);
    if (question === undefined || this.#isAhead(lane.noneUntil, this.#limits.noneMs)) {
      this.#asked.delete(key);
      return;
    }
    const { issuer, certId } = question;
    const at = clock.now();
    const tell = (news: RenewalNews): void => {
      this.#asked.delete(key);
      this.#news.set(key, { certId, news });
      this.#wake(key);
    };
    try {
      const client = await acmeAccounts.clientFor(issuer);
      if (client === undefined) {
        // Its Ready condition says why. The question stays.
        lane.waiting.add(key);
        this.#pause(lane);
        return;
      }
      const info = await client.renewalInfo(certId, { signal: this.#signal });
      lane.failures = 0;
      if (info === undefined) {
        this.#none(lane);
        tell({ kind: 'none', at });
        return;
      }
      const { start, end, explanationURL, retryAfterMs } = info;
      tell({
        kind: 'window',
        at,
        window: { start, end },
        ...(explanationURL === undefined ? {} : { explanationURL }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    } catch (error) {
      if (this.#signal.aborted) {
        this.#asked.delete(key);
        return;
      }
      log.debug({ certificate: key, err: error }, 'the CA could not be asked when to renew');
      const lasting = error instanceof AcmeProblemError && !error.retryable;
      // An answer that makes no sense may be about this certificate alone; one that does not come is not.
      if (!lasting && !(error instanceof AcmeProtocolError)) this.#pause(lane);
      const retryAfterMs = retryAfter(error, at);
      const message = messageOf(error);
      tell({ kind: 'error', at, message, lasting, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    }
  }

  /** Later than now, and not so much that the clock must have been set back since. */
  #isAhead(time: number, longestMs: number): boolean {
    const ahead = time - this.#context.clock.now();
    return ahead > 0 && ahead <= longestMs;
  }

  /** Lanes of issuers that nobody has asked for lately go before another comes. */
  #sweep(): void {
    if (this.#lanes.size < this.#sweepAt) return;
    const now = this.#context.clock.now();
    for (const [name, lane] of this.#lanes) {
      if (lane.waiting.size > 0 || lane.active > 0 || lane.timer !== undefined) continue;
      if (Math.max(lane.noneUntil, lane.pausedUntil, lane.filledAt + 3_600_000) < now)
        this.#lanes.delete(name);
    }
    this.#sweepAt = Math.max(64, 2 * this.#lanes.size);
  }

  #pause(lane: Lane): void {
    const { pauseMs, longestPauseMs } = this.#limits;
    const pause = Math.min(longestPauseMs, pauseMs * 2 ** Math.min(lane.failures, 20));
    lane.failures++;
    lane.pausedUntil = this.#context.clock.now() + pause;
  }

  #none(lane: Lane): void {
    const { clock, informers } = this.#context;
    lane.noneUntil = clock.now() + this.#limits.noneMs;
    for (let key = lane.waiting.shift(); key !== undefined; key = lane.waiting.shift()) {
      this.#asked.delete(key);
      // What an earlier answer left in the status goes.
      if (informers.certificates.get(key)?.status?.acme !== undefined) this.#wake(key);
    }
  }
}

function laneKey(issuer: AnyIssuer): string {
  return issuer.metadata?.uid ?? `${issuer.metadata?.namespace ?? ''}/${issuer.metadata?.name ?? ''}`;
}

function retryAfter(error: unknown, at: number): number | undefined {
  return error instanceof AcmeProblemError && error.retryAt !== undefined ? error.retryAt - at : undefined;
}
