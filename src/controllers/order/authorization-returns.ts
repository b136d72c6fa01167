/** Gives pending authorizations of orders that came to nothing back to the CA, whose limits they count against (RFC 8555 §7.5.2). */
import { AcmeError, AcmeProblemError } from '../../acme/errors.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import type { ControllerContext } from '../context.ts';
import { isFailure } from './decide.ts';

/** Best effort: what cannot be given back expires by itself. */
export class AuthorizationReturns {
  readonly #context: ControllerContext;
  readonly #signal: AbortSignal;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(context: ControllerContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Returns at once. @param challenges those of the order: what they have proven is kept, and what failed is settled */
  give(order: OrderFacts, challenges: readonly Challenge[], issuer: AnyIssuer): void {
    const settled = new Set(
      challenges.filter(({ status }) => status?.state === 'valid' || isFailure(status?.state)).map(urlOf),
    );
    const urls = (order.status?.authorizations ?? [])
      .filter(({ initialState }) => initialState === 'pending')
      .map(({ url }) => url)
      .filter((url) => !settled.has(url) && !this.#isShared(order, url));
    if (urls.length === 0 || this.#waiting >= longestLine) return;
    this.#waiting++;
    this.#tail = this.#tail.then(async () => {
      await this.#giveAll(urls, issuer);
      this.#waiting--;
    });
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#tail;
  }

  /** CAs may hand the same authorization to several orders (RFC 8555 §7.1.3). */
  #isShared({ metadata }: OrderFacts, url: string): boolean {
    return this.#context.informers.orders
      .byIndex('authorization', url)
      .some((other) => other.metadata?.uid !== metadata?.uid && !isFailure(other.status?.state));
  }

  async #giveAll(urls: readonly string[], issuer: AnyIssuer): Promise<void> {
    try {
      const client = await this.#context.acmeAccounts.clientFor(issuer);
      for (const url of urls) {
        if (client === undefined || this.#signal.aborted) return;
        await client.deactivateAuthorization(url, { signal: this.#signal }).catch((error: unknown) => {
          // Used up or gone already. A CA that is busy is left alone with all the others.
          if (!(error instanceof AcmeProblemError) || error.retryable) throw error;
        });
      }
    } catch (error) {
      const level = error instanceof AcmeError ? 'debug' : 'warn';
      this.#context.log[level]({ err: error }, 'pending authorizations could not be given back to the CA');
    }
  }
}

/** Orders that wait to give theirs back; more are left to expire. */
const longestLine = 256;

function urlOf({ spec }: Challenge): string {
  return spec.authorizationURL;
}
