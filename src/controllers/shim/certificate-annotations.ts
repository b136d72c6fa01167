/** Annotations that a Certificate gets from its object (spec/shims-webhook-cainjector.md §6, §8). */
import * as keys from '../../api/annotations.ts';
import type { ShimOptions } from './options.ts';
import type { ShimObject } from './shim-object.ts';

/** Every key of ACME's that can come from an object. */
export const handedOver: readonly string[] = [
  keys.issueTemporaryCertificate,
  keys.http01OverrideIngressName,
  keys.http01OverrideIngressClass,
  keys.http01OverrideIngressClassName,
  keys.http01ParentRefKind,
  keys.http01ParentRefName,
  keys.http01ParentRefNamespace,
];

export function certificateAnnotations(
  object: ShimObject,
  { extraCertificateAnnotations }: Pick<ShimOptions, 'extraCertificateAnnotations'>,
): ReadonlyMap<string, string> {
  const { annotations } = object;
  const wanted = new Map<string, string>();
  for (const key of extraCertificateAnnotations) {
    const value = annotations[key];
    if (typeof value === 'string') wanted.set(key, value);
  }
  if (annotations[keys.http01EditInPlace] === 'true') {
    wanted.set(keys.http01OverrideIngressName, object.name);
    wanted.set(keys.issueTemporaryCertificate, 'true');
  }
  const ingressClass = annotations[keys.http01IngressClass] ?? '';
  if (ingressClass !== '') wanted.set(keys.http01OverrideIngressClass, ingressClass);
  const className = annotations[keys.http01IngressClassName] ?? '';
  if (className !== '') wanted.set(keys.http01OverrideIngressClassName, className);
  for (const [key, value] of parentReference(object)) wanted.set(key, value);
  return wanted;
}

/** Where HTTP-01 solvers attach their routes. */
function parentReference(object: ShimObject): [string, string][] {
  if (object.kind === 'Ingress') return [];
  const { parent } = object;
  if (parent !== undefined && isTrue(object.annotations[keys.http01ParentRefFallback])) {
    return [
      [keys.http01ParentRefKind, 'Gateway'],
      [keys.http01ParentRefName, parent.name],
      [keys.http01ParentRefNamespace, parent.namespace],
    ];
  }
  return [
    [keys.http01ParentRefKind, object.kind],
    [keys.http01ParentRefName, object.name],
  ];
}

/** Go's strconv.ParseBool. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);
}
