/** What only the ACME issuer type needs beside an IssuerContext. */
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import type { Secret } from '../../api/core.ts';
import type { Solver } from '../../api/solver.ts';
import type { AccountShelf } from './account-shelf.ts';
import type { SecretChange } from './key-rollover.ts';
import type { OrderGateway, ReplacesFor } from './order-gateway.ts';

export interface AcmeSurroundings {
  accounts: AccountShelf;
  orders: OrderGateway;
  /** For a new account key. Rejects with AlreadyExistsError where another one has the name. */
  createSecret(secret: Secret): Promise<Secret>;
  /**
   * A JSON merge patch of a Secret, with the resourceVersion that it was read at. Rejects with ConflictError when somebody
   * else was quicker. Absent: a change of the account key that was begun is left to whoever began it.
   */
  changeSecret?(key: { namespace: string; name: string }, change: SecretChange): Promise<Secret>;
  /** Why this process cannot use a solver, whatever its Secrets hold; undefined: it can. Absent: it can use all. */
  solverObjection?(solver: Solver): string | undefined;
  /** The ledger of CA limits. Absent: the CA's own limits are the only ones. */
  budget?: OrderBudget;
  /** Absent: no order says that it replaces a certificate. */
  replacesFor?: ReplacesFor;
}
