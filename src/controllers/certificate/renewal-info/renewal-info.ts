/** What `status.acme.ari` becomes when the CA has been asked, when to ask again, and what it means for the renewal (acme.md §13). Pure. */
import { secondsText } from '../../../api/seconds-text.ts';
import type { CertificateStatus } from '../../../api/certificate.ts';
import { boundedText } from '../../bounded-text.ts';
import { fraction, toSecond, windowProblem, type Life, type SuggestedWindow } from './window.ts';

export type RenewalInfoStatus = NonNullable<NonNullable<CertificateStatus['acme']>['ari']>;

/** What came of one question. `at`: when it was asked, in milliseconds since the epoch. */
export type RenewalNews =
  | {
      kind: 'window';
      at: number;
      window: SuggestedWindow;
      explanationURL?: string;
      /** As the CA sent it, milliseconds from `at`. */
      retryAfterMs?: number;
    }
  /** The CA offers no renewal information. */
  | { kind: 'none'; at: number }
  /** `lasting`: the CA knows nothing of this certificate; else it could not be asked, or its answer makes no sense. */
  | { kind: 'error'; at: number; message: string; lasting: boolean; retryAfterMs?: number };

const hour = 3_600_000;
/** RFC 9773 §4.3.2 asks for six hours where nothing is said; bounds as the peer has them. */
const pollMs = { usual: 6 * hour, shortest: hour, longest: 7 * 24 * hour };
const longestUrl = 2048;
const lastTime = Date.UTC(9999, 11, 31);

/** The next `status.acme.ari`; undefined: there is none. `identity` moves the next question of each certificate by up to a tenth. */
export function withNews(
  old: RenewalInfoStatus | undefined,
  news: RenewalNews,
  life: Life,
  identity: string,
): RenewalInfoStatus | undefined {
  if (news.kind === 'none') return undefined;
  const lastChecked = secondsText(news.at);
  if (news.kind === 'error') {
    // A CA that cannot be reached has taken nothing back: without the window we would renew before it.
    const kept = news.lasting
      ? {}
      : { suggestedWindow: old?.suggestedWindow, explanationURL: old?.explanationURL };
    const usual = news.lasting ? pollMs.usual : sooner(old);
    return compact({
      ...kept,
      lastChecked,
      nextCheck: nextCheck(news.at, news.retryAfterMs ?? usual, identity),
      lastError: boundedText(news.message),
    });
  }
  // A second long at least, and before the year 10000: the field holds no other times.
  const start = toSecond(news.window.start);
  const end = Math.min(Math.max(toSecond(news.window.end), start + 1_000), lastTime);
  const problem = windowProblem(news.window, life) ?? windowProblem({ start, end }, life);
  const next = { lastChecked, nextCheck: nextCheck(news.at, news.retryAfterMs ?? pollMs.usual, identity) };
  if (problem !== undefined) {
    // A certificate revoked in its first hour gets a window from before it began; an hour later that window is inside.
    const again = nextCheck(news.at, Math.min(news.retryAfterMs ?? pollMs.usual, sooner(old)), identity);
    return { lastChecked, nextCheck: again, lastError: boundedText(problem) };
  }
  const explanationURL = explanation(news.explanationURL);
  return compact({
    suggestedWindow: { start: secondsText(start), end: secondsText(end) },
    explanationURL,
    ...next,
  });
}

/** A CA that could not be asked is asked sooner than usual: after an hour, then twice as long each time. */
function sooner(old: RenewalInfoStatus | undefined): number {
  if (old?.lastError === undefined) return pollMs.shortest;
  const before = Date.parse(old.nextCheck ?? '') - Date.parse(old.lastChecked ?? '');
  return before > 0 ? Math.min(pollMs.usual, 2 * before) : pollMs.shortest;
}

function nextCheck(at: number, wantedMs: number, identity: string): string {
  const bounded = Math.min(
    pollMs.longest,
    Math.max(pollMs.shortest, Number.isFinite(wantedMs) ? wantedMs : 0),
  );
  const jitter = 0.9 + 0.2 * fraction(`${identity} ${Math.floor(at / 1000)}`);
  return secondsText(at + bounded * jitter);
}

/** Shown to people and put into events: an http(s) address, or nothing. */
function explanation(url: string | undefined): string | undefined {
  if (url === undefined || url.length > longestUrl || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}

/**
 * When the CA is to be asked again, in milliseconds since the epoch; 0: at once. Times that a clock which was wrong, or
 * somebody else, has written do not put it off.
 */
export function nextQuestion(ari: RenewalInfoStatus | undefined, nowMs: number): number {
  const next = Date.parse(ari?.nextCheck ?? '');
  const last = Date.parse(ari?.lastChecked ?? '');
  if (Number.isNaN(next) || Number.isNaN(last) || last > nowMs + 60_000) return 0;
  return next - nowMs > pollMs.longest * 1.1 ? 0 : next;
}

/** The window in the status, when it can be followed: others may have written it. `over`: it was, when the CA was asked. */
export function windowOf(
  ari: RenewalInfoStatus | undefined,
  life: Life,
): (SuggestedWindow & { over: boolean; explanationURL?: string }) | undefined {
  if (ari?.suggestedWindow === undefined) return undefined;
  const window = { start: Date.parse(ari.suggestedWindow.start), end: Date.parse(ari.suggestedWindow.end) };
  if (windowProblem(window, life) !== undefined) return undefined;
  const over = window.end <= Date.parse(ari.lastChecked ?? '');
  return {
    ...window,
    over,
    ...(ari.explanationURL === undefined ? {} : { explanationURL: ari.explanationURL }),
  };
}

function compact(status: {
  [K in keyof RenewalInfoStatus]: RenewalInfoStatus[K] | undefined;
}): RenewalInfoStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
