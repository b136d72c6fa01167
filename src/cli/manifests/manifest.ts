/** One object of a manifest file, and where it and each of its fields stand. */
import type { KubeObject } from '../../api/meta.ts';

export interface Position {
  file: string;
  /** Both count from 1. */
  line: number;
  column: number;
}

export interface Manifest {
  object: KubeObject & { apiVersion: string; kind: string; metadata: { name: string } };
  /** Where the document begins. */
  at: Position;
  /** Where a field stands, such as `spec.dnsNames[0]`: the field itself or its nearest parent that was written. */
  locate(fieldPath: string): Position;
}

export interface ManifestError {
  at: Position;
  /** The object at fault, when it could be told: `Certificate shop/web`. */
  object?: string;
  /** The field at fault, such as `spec.dnsNames[0]`. */
  field?: string;
  message: string;
}

/** `file:line:column: object: field: message`, the form that editors turn into links. */
export function formatManifestError(error: ManifestError): string {
  const { file, line, column } = error.at;
  const parts = [`${file}:${line}:${column}`];
  if (error.object !== undefined) parts.push(error.object);
  if (error.field !== undefined && error.field !== '') parts.push(error.field);
  parts.push(error.message);
  return parts.join(': ');
}

/** `Kind namespace/name`, for people. */
export function titleOf(object: KubeObject): string {
  const { namespace, name, generateName } = object.metadata ?? {};
  const label = name ?? generateName ?? '(no name)';
  return `${object.kind ?? 'object'} ${namespace === undefined ? '' : `${namespace}/`}${label}`;
}
