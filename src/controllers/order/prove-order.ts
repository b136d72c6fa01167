/**
 * Whether an Order was made for a request that somebody approved, and asks for no more than that does. Whoever can write
 * Orders must not get certificates past approval, nor have credentials used for names of their choice (acme.md §1.5).
 */
import type { OrderSpec } from '../../api/order.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import { PkiError } from '../../pki/errors.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { ownerOf } from '../challenge/proof-source.ts';
import { objectionToOwner } from '../challenge/prove.ts';
import type { ControllerContext } from '../context.ts';

/** Undefined: nothing speaks against it. Else why nothing is done for it. Rejects when the API cannot answer. */
export async function objectionToOrder(
  context: Pick<ControllerContext, 'client' | 'informers' | 'options'>,
  order: OrderFacts,
): Promise<string | undefined> {
  const owner = await ownerOf(context, order);
  const objection = objectionToOwner(order, owner);
  if (objection !== undefined) return objection;
  // The cache drops what an issued request asked for. Nothing is left to be ordered for it, whatever the Order says.
  if (owner?.request === '')
    return `the request that its Order ${order.metadata?.name ?? ''} belongs to has its certificate already`;
  return objectionToNames(order.spec);
}

/** The names that are ordered are those that the request, which was approved, asks for. */
export function objectionToNames(spec: OrderSpec): string | undefined {
  try {
    const { subjectAltNames, subjectFields } = parseCsr(Buffer.from(spec.request, 'base64'));
    const { commonName = '' } = spec;
    const asked: readonly [string, readonly string[], readonly string[]][] = [
      ['dnsNames', spec.dnsNames ?? [], subjectAltNames.dnsNames],
      ['ipAddresses', spec.ipAddresses ?? [], subjectAltNames.ipAddresses],
      ['commonName', commonName === '' ? [] : [commonName], [subjectFields.commonName ?? '']],
    ];
    for (const [field, ordered, requested] of asked) {
      const extra = ordered.find((name) => !requested.includes(name));
      if (extra !== undefined)
        return `its spec.${field} has ${JSON.stringify(extra.slice(0, 253))}, which its signing request does not ask for`;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return `its signing request cannot be read: ${error.message}`;
  }
}
