/** When a certificate is renewed, all sources taken together: the CA's window, the spec's formula, the spread, windows (docs/renewal.md). Pure. */
import { formulaTime, renewalTime, type RenewalPolicy, type RenewalTime } from '../renewal.ts';
import { windowOf, type RenewalInfoStatus } from './renewal-info.ts';
import { chosenInstant, earlyPause, fraction, isEarly, toSecond, type Life } from './window.ts';

/** Certificates of a public CA that leave the time to us are renewed within this share of their life, counted from the formula's time. */
const spreadShare = 1 / 20;

export interface PlanInput {
  life: Life;
  policy: RenewalPolicy;
  /** What makes this certificate different from all others: its place in windows and in the spread. */
  identity: string;
  /** From an ACME CA: the load on it is spread where the spec names no time. */
  spread: boolean;
  /** As the CA has answered about this very certificate. */
  info: RenewalInfoStatus | undefined;
  /** Renewals in a row that the CA had asked for early, and when the last was made, milliseconds since the epoch. */
  early: { count: number; at: number };
}

export interface RenewalPlan extends RenewalTime {
  /** The CA's window decides. */
  asked?: {
    start: number;
    end: number;
    /** It was over when the CA was asked: the certificate is revoked, or about to be. Windows of the spec are not waited for. */
    urgent: boolean;
    early: boolean;
    explanationURL?: string;
  };
}

export function planRenewal(input: PlanInput): RenewalPlan {
  const { life, policy, identity, early } = input;
  const { notBefore, notAfter } = life;
  const window = windowOf(input.info, life);
  if (window === undefined) return renewalTime(notBefore, notAfter, policy, unasked(input));
  const { start, end, over, explanationURL } = window;
  const instant = chosenInstant(window, life, identity);
  const asked = {
    start,
    end,
    urgent: over,
    early: isEarly(instant, life),
    ...(explanationURL === undefined ? {} : { explanationURL }),
  };
  // A CA that asks for the next renewal as soon as the last is done must not have one after the other (design §3).
  const allowed = asked.early && early.count > 0 ? toSecond(early.at + earlyPause(early.count, life)) : 0;
  const desired = Math.max(instant, allowed);
  if (over && policy.renewal?.policy !== 'Disabled') return { at: desired, asked };
  return { ...renewalTime(notBefore, notAfter, policy, desired), asked };
}

/** The formula's time; where the spec names none and the CA is a public one, a little later, differently for each certificate. */
function unasked({ life, policy, identity, spread }: PlanInput): number {
  const { notBefore, notAfter } = life;
  const at = formulaTime(notBefore, notAfter, policy);
  if (!spread || policy.renewBeforeMs !== undefined || policy.renewBeforePercentage !== undefined) return at;
  return toSecond(at + fraction(identity) * (notAfter - notBefore) * spreadShare);
}
