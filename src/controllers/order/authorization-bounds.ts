/** How many authorizations of a CA an Order takes up: its status has to fit into an object of the API. Pure. */
import { AcmeExcessError } from '../../acme/errors.ts';
import type { Authorization, OrderSpec } from '../../api/order.ts';
import { identifiersOf } from './identifiers.ts';

/** etcd stores 1.5 MiB at most; request and certificate are in the same object. */
const mostBytes = 1024 * 1024;

/**
 * One authorization proves one identifier of those that were ordered (RFC 8555 §7.1.3): a CA that wants more wants proof of
 * something twice, or of what was not ordered. @throws AcmeExcessError
 */
export function requireFitting(
  spec: Pick<OrderSpec, 'commonName' | 'dnsNames' | 'ipAddresses'>,
  authorizations: readonly Authorization[],
): void {
  const ordered = identifiersOf(spec).length;
  if (authorizations.length > ordered)
    throw new AcmeExcessError(
      `the CA asks for ${authorizations.length} authorizations in an order of ${ordered} ${ordered === 1 ? 'name' : 'names'} (RFC 8555 §7.1.3): none of them is proven. Ask those who run the CA, or name another issuer`,
    );
  const bytes = Buffer.byteLength(JSON.stringify(authorizations));
  if (bytes > mostBytes)
    throw new AcmeExcessError(
      `what the CA says of the authorizations takes ${Math.ceil(bytes / 1024)} KiB, and an object of the API has room for ${mostBytes / 1024}: order fewer names in one certificate`,
    );
}
