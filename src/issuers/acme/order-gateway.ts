/** What the ACME issuer may do with Orders: look them up in the shared cache, make one, delete one. */
import type { Order } from '../../api/order.ts';
import type { SigningRequest } from '../issuer.ts';
import type { OrderFacts } from './order-facts.ts';

export interface OrderGateway {
  /** From the cache; knows what `create` made at once. */
  get(namespace: string, name: string): OrderFacts | undefined;
  /** Orders in `namespace` that the object with this UID controls, from the cache. */
  ownedBy(namespace: string, uid: string): readonly OrderFacts[];
  /** Whole, in the version that the cache knows or a later one; undefined when it does not exist. Rejects when the API cannot answer. */
  read(namespace: string, name: string): Promise<Order | undefined>;
  /** What the API server answered to a write of ours, whole: `read` need not ask for it again. */
  keep?(order: Order): void;
  /** Rejects with AlreadyExistsError where another one has the name. */
  create(order: Order): Promise<void>;
  /** Only this very one: the UID is a precondition. Resolves when it is gone already. */
  delete(order: Pick<Order, 'metadata'>): Promise<void>;
}

/**
 * RFC 9773 §5: the certificate identifier of the leaf that the certificate asked for would replace; undefined: none, or
 * nobody may say. The answer for one request must not change while its Order is on its way.
 */
export type ReplacesFor = (request: SigningRequest) => Promise<string | undefined>;
