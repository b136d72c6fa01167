/** Comparing issuer references the way every reader does: empty kind and group mean the defaults (api.md §2). */
import { annotationKeys, defaultIssuerKind, ownGroup } from './constants.ts';

export interface IssuerRef {
  name: string;
  kind?: string;
  group?: string;
}

const orDefault = (value: string | undefined, fallback: string): string =>
  value === undefined || value === '' ? fallback : value;

export function effectiveRef(ref: IssuerRef): { name: string; kind: string; group: string } {
  return {
    name: ref.name,
    kind: orDefault(ref.kind, defaultIssuerKind),
    group: orDefault(ref.group, ownGroup),
  };
}

export function sameIssuer(a: IssuerRef, b: IssuerRef): boolean {
  const left = effectiveRef(a);
  const right = effectiveRef(b);
  return left.name === right.name && left.kind === right.kind && left.group === right.group;
}

/**
 * Who issued what the Secret holds, as `Kind.group/name`, when that is not `ref` (lifecycle §7, check 4). A Secret
 * without any issuer annotation is accepted for an Issuer of our group only: its name is unknown, its kind is taken as the default.
 */
export function otherIssuer(
  annotations: Readonly<Record<string, string>>,
  ref: IssuerRef,
): string | undefined {
  const name = annotations[annotationKeys.issuerName];
  const kind = annotations[annotationKeys.issuerKind];
  const group = annotations[annotationKeys.issuerGroup];
  const annotated = name !== undefined || kind !== undefined || group !== undefined;
  const actual = effectiveRef({ name: name ?? '', kind, group });
  const wanted = effectiveRef(ref);
  const same =
    (!annotated || actual.name === wanted.name) &&
    actual.kind === wanted.kind &&
    actual.group === wanted.group;
  return same ? undefined : `${actual.kind}.${actual.group}/${actual.name}`;
}
