/** Makes the clients of ACME accounts as a process needs them: over the network, or not at all. */
import type { AcmeClient } from '../../acme/acme-client.ts';
import { createAcmeClient, type AcmeClientOptions } from '../../acme/create-client.ts';
import { AcmeConfigurationError } from '../../acme/errors.ts';
import type { OpenAccount } from './account-shelf.ts';

/** What all accounts of a process share. */
export type AccountTransport = Pick<
  AcmeClientOptions,
  'userAgent' | 'now' | 'random' | 'proxy' | 'observe' | 'dispatcher'
>;

export function openAccounts(transport: AccountTransport): OpenAccount {
  return ({ server, privateKey, accountUrl, caBundle, skipTLSVerify }): AcmeClient =>
    createAcmeClient({
      ...transport,
      directoryUrl: server,
      accountKeyPem: privateKey,
      skipTLSVerify,
      ...(accountUrl === undefined ? {} : { accountUrl }),
      ...(caBundle === undefined ? {} : { caBundle }),
    });
}

/** For dry runs: no CA is ever asked, nothing is registered and nothing is ordered. */
export const heldAccounts: OpenAccount = ({ server }) => {
  throw new AcmeHeldError(server);
};

export class AcmeHeldError extends AcmeConfigurationError {
  constructor(server: string) {
    super(`A dry run asks no CA: ${server} would be asked`);
  }
}
