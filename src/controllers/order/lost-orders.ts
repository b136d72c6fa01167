/**
 * Orders that the CA has and of which nobody here knows the URL, because a process died or a connection broke between the
 * CA's answer to `newOrder` and our storing it: found again in the CA's list of the account's orders (RFC 8555 §7.1.2.1).
 */
import type { AcmeClient, AcmeOrder, CallOptions, NewOrder } from '../../acme/acme-client.ts';
import { sameIdentifiers } from './identifiers.ts';

/** Unknown orders that are looked at for one list; a stranger with the same account may have made any number. */
const mostLookedAt = 50;
/** An order that is about to expire is no use. */
const leastLifeMs = 10 * 60_000;

interface Listing {
  /** How many answers were lost when the CA was asked. */
  losses: number;
  orders: Promise<AcmeOrder[]>;
}

export class LostOrders {
  /** By client: one account with one CA. */
  readonly #listings = new WeakMap<AcmeClient, Listing>();
  /** Given to an Order whose status may not say so yet. */
  readonly #given = new Set<string>();
  #losses = 0;
  readonly #isKnown: (url: string) => boolean;

  /** @param isKnown whether an Order of the API has this URL */
  constructor(isKnown: (url: string) => boolean) {
    this.#isKnown = isKnown;
  }

  /** The CA may have taken an order just now, and its answer got lost. The number is for `find`. */
  note(): number {
    return ++this.#losses;
  }

  /**
   * An order for the same, not finalized and nobody's. Undefined: there is none, or the CA does not list orders: then another
   * one is placed, and at worst one is left to expire. Rejects with the errors of the client.
   * @param loss what `note` said; 0: before this process began
   */
  async find(
    client: AcmeClient,
    wanted: NewOrder,
    loss: number,
    now: number,
    options: CallOptions,
  ): Promise<AcmeOrder | undefined> {
    let listing = this.#listings.get(client);
    if (listing === undefined || listing.losses < loss) {
      listing = { losses: this.#losses, orders: this.#list(client, options) };
      this.#listings.set(client, listing);
    }
    const orders = await this.#unlessFailed(client, listing);
    const fitting = orders.filter((order) => fits(order, wanted, now));
    const found = this.#untaken(fitting.map(({ url }) => url))[0];
    if (found === undefined) return undefined;
    this.#given.add(found);
    return await this.#unlessSpent(client, found, wanted, now, options);
  }

  async #unlessFailed(client: AcmeClient, listing: Listing): Promise<AcmeOrder[]> {
    try {
      return await listing.orders;
    } catch (error) {
      if (this.#listings.get(client) === listing) this.#listings.delete(client);
      throw error;
    }
  }

  /** The list may be from the beginning of this process. */
  async #unlessSpent(
    client: AcmeClient,
    url: string,
    wanted: NewOrder,
    now: number,
    options: CallOptions,
  ): Promise<AcmeOrder | undefined> {
    try {
      const order = await client.order(url, options);
      return fits(order, wanted, now) ? order : undefined;
    } catch (error) {
      // Nobody has it: another one may try.
      this.#given.delete(url);
      throw error;
    }
  }

  #untaken(urls: readonly string[]): string[] {
    return urls.filter((url) => !this.#given.has(url) && !this.#isKnown(url));
  }

  async #list(client: AcmeClient, options: CallOptions): Promise<AcmeOrder[]> {
    const unknown = this.#untaken((await client.listOrders(options)) ?? []);
    const orders: AcmeOrder[] = [];
    // The newest are at the end where a CA keeps any order.
    for (const url of unknown.slice(-mostLookedAt).toReversed())
      orders.push(await client.order(url, options));
    return orders;
  }
}

/** Only what nobody has finalized: a certificate for a key that we may not have is of no use. */
function fits(order: AcmeOrder, wanted: NewOrder, now: number): boolean {
  return (
    (order.status === 'pending' || order.status === 'ready') &&
    (order.expires ?? Infinity) > now + leastLifeMs &&
    (order.profile ?? '') === (wanted.profile ?? order.profile ?? '') &&
    (order.replaces === undefined || order.replaces === wanted.replaces) &&
    sameIdentifiers(order.identifiers, wanted.identifiers)
  );
}
