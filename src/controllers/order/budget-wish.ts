/** An Order in the words of the ledger of CA limits (src/acme/budget). Pure. */
import { certificateRevision } from '../../api/annotations.ts';
import type { Order } from '../../api/order.ts';
import type { BudgetOrder } from '../../acme/budget/order-budget.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { identifiersOf } from './identifiers.ts';

export function wishOf({ metadata, spec }: Pick<Order, 'metadata' | 'spec'>, issuer: AnyIssuer): BudgetOrder {
  return {
    id: metadata?.uid ?? '',
    directory: issuer.spec.acme?.server ?? '',
    account: issuer.status?.acme?.uri ?? '',
    identifiers: identifiersOf(spec),
    replaces: spec.replaces !== undefined && spec.replaces !== '',
    // A later revision of the same Certificate: the names may have changed, and then the CA counts more strictly than we.
    renewal: Number(metadata?.annotations?.[certificateRevision] ?? '1') > 1,
  };
}
