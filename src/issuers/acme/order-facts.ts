/** An Order as the shared cache holds it: whole while it is on its way, a few facts once its certificate is there. */
import type { KubeObject } from '../../api/meta.ts';
import type { Order } from '../../api/order.ts';

/**
 * Managed fields are gone. Of an Order with its certificate (`issued`) the request, the certificate and the
 * authorizations are gone, too: ten thousand of them stay around. Whoever needs those reads the Order live.
 */
export interface OrderFacts extends Order {
  /** The state is `valid` and `status.certificate` is set. */
  issued: boolean;
}

/** For the cache (InformerOptions.trim); the resource asked for decides that it is an Order. */
export function trimOrder(object: KubeObject): OrderFacts {
  const { metadata, spec, status, ...kind } = object as Order;
  const { managedFields: _managed, ...rest } = metadata ?? {};
  const issued = status?.state === 'valid' && status.certificate !== undefined && status.certificate !== '';
  if (!issued) return { ...kind, metadata: rest, spec, status, issued };
  const { authorizations: _authorizations, certificate: _certificate, ...kept } = status;
  return { ...kind, metadata: rest, spec: { ...spec, request: '' }, status: kept, issued };
}

/** Indexes of the cache by addresses at the CA; the authorizations only of Orders on their way. */
export const orderAddresses = {
  url: ({ status }: OrderFacts): string[] =>
    status?.url === undefined || status.url === '' ? [] : [status.url],
  authorization: ({ status }: OrderFacts): string[] => (status?.authorizations ?? []).map(({ url }) => url),
};
