/** What the ACME issuer type is handed by this process: the shelf of accounts, and Orders through the shared cache. */
import { orders, secrets } from '../api/resources.ts';
import type { Order } from '../api/order.ts';
import type { Secret } from '../api/core.ts';
import { accountKeyIn, accountKeyReference } from '../issuers/acme/account-key.ts';
import { AccountShelf, type OpenAccount } from '../issuers/acme/account-shelf.ts';
import { pendingKeyIn } from '../issuers/acme/key-rollover.ts';
import type { OrderGateway } from '../issuers/acme/order-gateway.ts';
import type { OrderFacts } from '../issuers/acme/order-facts.ts';
import type { AcmeSurroundings } from '../issuers/acme/surroundings.ts';
import { issuerContext, type IssuerContextSource } from '../issuers/context.ts';
import { PkiError } from '../pki/errors.ts';
import { cacheKey, type Informer } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import { FreshObjects } from '../kube/fresh-objects.ts';

/** Field manager of what is made for a CertificateRequest; that of account keys is the issuers'. */
const requestComponent = 'cert-manager-certificaterequests-issuer-acme';
const issuerComponent = 'cert-manager-issuers';

/** @param source what issuer types are handed, without this */
export function acmeSurroundings(
  source: Omit<IssuerContextSource, 'acme'>,
  cache: Informer<OrderFacts>,
  open: OpenAccount,
): AcmeSurroundings {
  const { client } = source;
  const accounts = new AccountShelf({
    open,
    async readKey(issuer) {
      const { name, entry } = accountKeyReference(issuer);
      const context = issuerContext(source, issuer);
      const secret = await context.readSecret(context.resourceNamespace, name);
      if (secret === undefined) return undefined;
      // Either key may be the wrong one until the change is over: what is signed meanwhile would fail for good.
      if (pendingKeyIn(secret, entry) !== undefined) return undefined;
      try {
        return accountKeyIn(secret, entry);
      } catch (error) {
        // The issuer's check says so in its Ready condition.
        if (error instanceof PkiError) return undefined;
        throw error;
      }
    },
    keyVersion(issuer) {
      const { resourceNamespace } = issuerContext(source, issuer);
      return source.secretVersion?.(resourceNamespace, accountKeyReference(issuer).name);
    },
  });
  return {
    accounts,
    orders: orderGateway(client, cache),
    createSecret: (secret) => client.create<Secret>(secrets, secret, { fieldManager: issuerComponent }),
    changeSecret: (key, change) =>
      client.patch<Secret>(secrets, key, 'merge', change, { fieldManager: issuerComponent }),
  };
}

function orderGateway(client: KubeClient, cache: Informer<OrderFacts>): OrderGateway {
  const fresh = new FreshObjects<Order>();
  return {
    get: (namespace, name) => cache.get(cacheKey(namespace, name)),
    ownedBy: (namespace, uid) => cache.byIndex('owner', cacheKey(namespace, uid)),
    keep: (order) => fresh.keep(order),
    async read(namespace, name) {
      const cached = cache.get(cacheKey(namespace, name));
      const known = cached === undefined ? undefined : fresh.take(cached);
      if (known !== undefined) return known;
      try {
        return await client.get<Order>(orders, { namespace, name });
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },
    async create(order) {
      cache.observe(await client.create<Order>(orders, order, { fieldManager: requestComponent }));
    },
    async delete({ metadata }) {
      const { namespace, name = '', uid } = metadata ?? {};
      try {
        await client.delete(
          orders,
          { namespace, name },
          { preconditions: { uid }, propagationPolicy: 'Background' },
        );
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    },
  };
}
