/** What a listener set takes from its Gateway (spec/shims-webhook-cainjector.md §5). */
import { ingressClusterIssuer, ingressIssuer, issuerGroup, issuerKind } from '../../api/annotations.ts';
import type { ShimObject } from './shim-object.ts';

/** A copy; kind and group of the Gateway win over those of the set, as in the peer. */
export function inherited(set: ShimObject, gateway: Pick<ShimObject, 'annotations'>): ShimObject {
  const named =
    set.annotations[ingressIssuer] !== undefined || set.annotations[ingressClusterIssuer] !== undefined;
  const taken = [...(named ? [] : [ingressIssuer, ingressClusterIssuer]), issuerKind, issuerGroup];
  const annotations = { ...set.annotations };
  for (const key of taken) {
    const value = gateway.annotations[key];
    if (value !== undefined) annotations[key] = value;
  }
  return { ...set, annotations };
}
