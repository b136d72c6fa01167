/** An ACME CA of a simulation: down at times, at a limit at times, with an opinion about renewal. Its clock is right. */
import type { RenewalNews } from '../certificate/renewal-info/renewal-info.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';

/** Milliseconds since the epoch. */
interface Span {
  from: number;
  to: number;
  problem: string;
}

export class SimulatedCa {
  /** Times at which it takes no order, and does not answer questions where it is down. */
  readonly troubles: Span[] = [];
  /** It offers renewal information. */
  offersInfo = true;
  /** Certificates that began before this time are to be replaced at once, from this time on. */
  revokedAt: number | undefined;
  /** The window of a certificate by its beginning and end. */
  window: (notBefore: number, notAfter: number) => { start: number; end: number } = (from, to) => {
    const life = to - from;
    return { start: from + life * 0.63, end: from + life * 0.67 };
  };

  down(from: number, to: number): void {
    this.troubles.push({ from, to, problem: 'about:blank' });
  }
  limited(from: number, to: number): void {
    this.troubles.push({ from, to, problem: 'urn:ietf:params:acme:error:rateLimited' });
  }

  heldUntil(now: number): { until: number; problem: string } | undefined {
    const trouble = this.troubles.find(({ from, to }) => from <= now && now < to);
    return trouble === undefined ? undefined : { until: trouble.to, problem: trouble.problem };
  }

  /** @param now on the clock of whoever asks */
  info(secret: SecretFacts, now: number, trueNow: number): RenewalNews {
    if (this.heldUntil(trueNow)?.problem === 'about:blank')
      return { kind: 'error', at: now, message: 'no route', lasting: false };
    if (secret.certificate?.ok !== true) return { kind: 'error', at: now, message: 'unknown', lasting: true };
    const { notBefore, notAfter } = secret.certificate.value;
    if (this.revokedAt !== undefined && trueNow >= this.revokedAt && notBefore < this.revokedAt) {
      const end = this.revokedAt - 1000;
      return { kind: 'window', at: now, window: { start: end - 1_800_000, end } };
    }
    return { kind: 'window', at: now, window: this.window(notBefore, notAfter) };
  }
}
