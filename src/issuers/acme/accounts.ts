/** The contract of the shelf of ACME clients: one for each issuer, whose account the issuer's check has proven. */
import type { AcmeClient } from '../../acme/acme-client.ts';
import type { AnyIssuer } from '../issuer.ts';

/**
 * Filled by the check of the ACME issuer, read by Order, Challenge and Certificate controllers. It also makes the
 * client from the account key on demand (after a restart the issuer is Ready and no check has touched the network).
 */
export interface AcmeAccounts {
  /**
   * The client of an issuer. Undefined: not ready, its account key is missing or unusable; the issuer's Ready condition
   * tells why. Rejects when the API server cannot answer.
   */
  clientFor(issuer: AnyIssuer): Promise<AcmeClient | undefined>;
  /** Ends the clients of an issuer that is gone. */
  forget(uid: string): void;
}
