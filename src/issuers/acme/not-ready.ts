/** How a rung of an issuer's set-up says no. */
import type { Readiness } from '../issuer.ts';

export class NotReady extends Error {
  readonly code = 'acme-issuer/not-ready';
  readonly retryable: boolean;
  readonly readiness: Readiness;
  constructor(readiness: Readiness) {
    super(readiness.message);
    this.name = new.target.name;
    this.readiness = readiness;
    this.retryable = readiness.retry;
  }
}

export const no = (
  reason: string,
  message: string,
  more: Partial<Pick<Readiness, 'retry' | 'recheckAt' | 'acme'>> = {},
): NotReady =>
  new NotReady({
    ready: false,
    reason,
    message,
    retry: false,
    event: { type: 'Warning', reason, message },
    ...more,
  });
