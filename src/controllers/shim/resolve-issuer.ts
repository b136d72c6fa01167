/** Which issuer the annotations ask for (spec/shims-webhook-cainjector.md §2). */
import { ingressClusterIssuer, ingressIssuer, issuerGroup, issuerKind } from '../../api/annotations.ts';
import type { ShimOptions } from './options.ts';
import type { ShimObject } from './shim-object.ts';

export interface WantedIssuer {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
}

/** `problems` is for people, and empty when the issuer can be used. */
export function resolveIssuer(
  { annotations }: Pick<ShimObject, 'annotations'>,
  { defaultIssuer }: Pick<ShimOptions, 'defaultIssuer'>,
): { issuer: WantedIssuer; problems: readonly string[] } {
  const [own, cluster] = [annotations[ingressIssuer], annotations[ingressClusterIssuer]];
  let { name, kind, group } = defaultIssuer;
  if (own !== undefined) [name, kind] = [own, 'Issuer'];
  if (cluster !== undefined) [name, kind] = [cluster, 'ClusterIssuer'];
  kind = annotations[issuerKind] ?? kind;
  group = annotations[issuerGroup] ?? group;

  const problems: string[] = [];
  if (name === '')
    problems.push(
      `no issuer is named: give ${ingressIssuer} or ${ingressClusterIssuer} a value, or start the controller with --default-issuer-name`,
    );
  if (cluster !== undefined) {
    for (const other of [ingressIssuer, issuerGroup, issuerKind]) {
      if (annotations[other] !== undefined)
        problems.push(
          other === ingressIssuer
            ? `both "${ingressIssuer}" and "${ingressClusterIssuer}" may not be set`
            : `both "${ingressClusterIssuer}" and "${other}" may not be set; name an issuer of another kind or group with "${ingressIssuer}"`,
        );
    }
  }
  return { issuer: { name, kind, group }, problems };
}
