/** What only the ACME issuer type needs beside an IssuerContext. */
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import type { Secret } from '../../api/core.ts';
import type { Solver } from '../../api/solver.ts';
import type { AccountShelf } from './account-shelf.ts';
import type { OrderGateway, ReplacesFor } from './order-gateway.ts';

export interface AcmeSurroundings {
  accounts: AccountShelf;
  orders: OrderGateway;
  /** For a new account key. Rejects with AlreadyExistsError where another one has the name. */
  createSecret(secret: Secret): Promise<Secret>;
  /** Why this process cannot use a solver, whatever its Secrets hold; undefined: it can. Absent: it can use all. */
  solverObjection?(solver: Solver): string | undefined;
  /** The ledger of CA limits. Absent: the CA's own limits are the only ones. */
  budget?: OrderBudget;
  /** Absent: no order says that it replaces a certificate. */
  replacesFor?: ReplacesFor;
}
