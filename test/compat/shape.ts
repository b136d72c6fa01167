/** What of an object must be the same for two controllers that were given the same manifests, as path and value. */
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import type { Condition, FieldsV1, KubeObject } from '../../src/api/meta.ts';

/** Path to value; values are compared as text. */
export type Shape = Map<string, string>;

type Any = KubeObject &
  Partial<Pick<Certificate, 'spec' | 'status'>> &
  Partial<Pick<Secret, 'type' | 'data' | 'immutable'>>;

/** Status fields that hold a moment: that they are there is compared, not what they say. */
const moments: ReadonlySet<string> = new Set(['notBefore', 'notAfter', 'renewalTime', 'lastFailureTime']);

/** Names the API server made up, `generateName` and five characters: `web-x7k2p` becomes `web-<random>`. */
export function plainName(name: string, generated: ReadonlySet<string>): string {
  return generated.has(name) ? `${name.slice(0, -5)}<random>` : name;
}

/** Next-private-key Secrets carry the label; requests name them in an annotation, also those that are gone. */
export function generatedNames(objects: readonly KubeObject[]): Set<string> {
  const names = objects.flatMap(({ metadata, ...rest }) => {
    const { annotations = {} } = metadata ?? {};
    const certificate = annotations['cert-manager.io/certificate-name'];
    const key = annotations['cert-manager.io/private-key-secret-name'];
    const status = 'status' in rest ? (rest.status as { nextPrivateKeySecretName?: string }) : {};
    return [
      metadata?.generateName === undefined ? undefined : metadata.name,
      key !== undefined && new RegExp(`^${certificate}-[a-z0-9]{5}$`).test(key) ? key : undefined,
      status.nextPrivateKeySecretName,
    ];
  });
  return new Set(names.filter((name) => name !== undefined));
}

export function shapeOf(object: KubeObject, generated: ReadonlySet<string>): Shape {
  const { metadata, spec, status, type, data } = object as Any;
  const shape: Shape = new Map();
  const put = (path: string, value: unknown): void => {
    const text = typeof value === 'string' ? plainName(value, generated) : sorted(value);
    if (value !== undefined) shape.set(path, text);
  };
  for (const [key, value] of Object.entries(metadata?.labels ?? {})) put(`labels[${key}]`, value);
  for (const [key, value] of Object.entries(metadata?.annotations ?? {})) put(`annotations[${key}]`, value);
  put('finalizers', metadata?.finalizers);
  put('generation', metadata?.generation);
  for (const { uid: _uid, ...owner } of metadata?.ownerReferences ?? [])
    put(`ownerReferences[${owner.kind}]`, owner);
  for (const [key, value] of Object.entries(spec ?? {}))
    put(`spec.${key}`, key === 'request' ? 'present' : value);
  for (const [key, value] of Object.entries(status ?? {})) {
    if (key === 'conditions') for (const one of value as Condition[]) putCondition(shape, one);
    else put(`status.${key}`, moments.has(key) || isCertificateData(key) ? 'present' : value);
  }
  put('type', type);
  for (const key of Object.keys(data ?? {})) put(`data[${key}]`, 'present');
  if (object.kind === 'Secret') putOwnership(shape, object);
  return shape;
}

/** Kubernetes gives the fields of an object in no order that means anything. */
function sorted(value: unknown): string {
  const byKey = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, byKey);
}

function isCertificateData(key: string): key is keyof NonNullable<CertificateRequest['status']> {
  return key === 'certificate' || key === 'ca' || key === 'failureTime';
}

function putCondition(shape: Shape, { type, status, reason, message, observedGeneration }: Condition): void {
  shape.set(`status.conditions[${type}]`, `${status} ${reason}`);
  if (observedGeneration !== undefined)
    shape.set(`status.conditions[${type}].observedGeneration`, String(observedGeneration));
  if (message !== undefined) shape.set(`status.conditions[${type}].message`, 'present');
}

/** Which of the controllers owns which fields, and by which operation. What people applied is not theirs. */
function putOwnership(shape: Shape, { metadata }: KubeObject): void {
  for (const {
    manager,
    operation,
    subresource,
    fieldsV1,
    fieldsType,
    apiVersion,
  } of metadata?.managedFields ?? []) {
    if (manager?.startsWith('cert-manager') !== true) continue;
    const at = `managedFields[${manager}]`;
    shape.set(at, `${operation} ${subresource ?? ''} ${fieldsType} ${apiVersion}`);
    for (const path of paths(fieldsV1 ?? {}, '')) shape.set(`${at}${path}`, 'owned');
  }
}

function paths(fields: FieldsV1, at: string): string[] {
  return Object.entries(fields).flatMap(([key, inner]) => {
    const path = `${at}/${key.replace(/"uid":"[-0-9a-f]+"/, '"uid":"…"')}`;
    return Object.keys(inner).length === 0 ? [path] : paths(inner, path);
  });
}

/** Source, type and reason; how often and in which words is not compared. */
export function eventLine({ source, reportingComponent, type, reason }: Event): string {
  return `${source?.component ?? reportingComponent ?? ''} ${type} ${reason}`;
}
