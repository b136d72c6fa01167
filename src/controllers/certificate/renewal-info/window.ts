/** When to renew inside the window that a CA suggests (RFC 9773 §4.2), and which windows are not believed. Pure. */
import { secondsText } from '../../../api/seconds-text.ts';
import { createHash } from 'node:crypto';

/** Milliseconds since the epoch. */
export interface SuggestedWindow {
  start: number;
  end: number;
}

/** Of the certificate that the window is about. Milliseconds since the epoch. */
export interface Life {
  notBefore: number;
  notAfter: number;
}

/** The last tenth of its life is kept free: a renewal that begins there has no time to fail. */
const reserve = 10;
/** A certificate whose renewal is asked for before a third of its life is over is asked for early. */
const earliest = 3;

/** Why this window cannot be followed; undefined: it can. */
export function windowProblem(window: SuggestedWindow, life: Life): string | undefined {
  const { start, end } = window;
  const said = `the suggested window, ${iso(start)} to ${iso(end)},`;
  if (!(start < end)) return `${said} ends before it begins`;
  if (start <= life.notBefore) return `${said} begins before the certificate does, at ${iso(life.notBefore)}`;
  if (start >= latest(life))
    return `${said} leaves no time to renew before the certificate ends, at ${iso(life.notAfter)}`;
  return undefined;
}

/**
 * One second of the window, always the same for this certificate: many certificates spread over the window by the hash of
 * `identity`, and nothing flaps (acme.md §13, caveat). Never in the last tenth of the life, unless the window begins there.
 */
export function chosenInstant(window: SuggestedWindow, life: Life, identity: string): number {
  const end = Math.max(window.start, Math.min(window.end, latest(life)));
  return toSecond(window.start + fraction(identity) * (end - window.start));
}

/** The CA asks for a renewal so soon after the issue that it could go round in circles. */
export function isEarly(at: number, life: Life): boolean {
  return at < life.notBefore + (life.notAfter - life.notBefore) / earliest;
}

/** When the next early renewal is allowed after `count` in a row, counted from the issue of the last: 1 h, 4 h, 16 h ... a third of the life. */
export function earlyPause(count: number, life: Life): number {
  if (count <= 0) return 0;
  return Math.min(3_600_000 * 4 ** Math.min(count - 1, 20), (life.notAfter - life.notBefore) / earliest);
}

/** In [0, 1), the same for the same text for ever. */
export function fraction(identity: string): number {
  return createHash('sha256').update(identity).digest().readUInt32BE(0) / 2 ** 32;
}

export function toSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function latest({ notBefore, notAfter }: Life): number {
  return notAfter - (notAfter - notBefore) / reserve;
}

/** Dates beyond what JavaScript can print are cut: a CA may say anything. */
function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? secondsText(ms) : 'never';
}
