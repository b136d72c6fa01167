/** Content negotiation: whole objects, metadata only, or tables (meta/v1 Table and PartialObjectMetadata). */
import { apiVersionOf } from '../../api/resources.ts';
import type { Column, JsonObject, ResourceEntry } from '../resources/resource-entry.ts';
import { notAcceptable } from './api-error.ts';
import { decodeStored, renderStored } from './stored-form.ts';

export type Form = 'object' | 'partial' | 'table';

const META = 'meta.k8s.io/v1';

/** The first form of an Accept header that we serve. @throws ApiError 406 */
export function acceptedForm(accept: string | undefined): Form {
  if (accept === undefined || accept === '') return 'object';
  for (const clause of accept.slice(0, 8192).split(',')) {
    const [type, ...parameters] = clause.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const given = Object.fromEntries(parameters.map((part) => part.split('=') as [string, string]));
    const as = given['as'];
    if (as === undefined) return 'object';
    if (given['g'] !== 'meta.k8s.io' || given['v'] !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'partial';
  }
  throw notAcceptable(['application/json']);
}

export interface Representation {
  form: Form;
  includeObject: 'None' | 'Metadata' | 'Object';
  now: number;
}

export function representationOf(
  accept: string | undefined,
  query: URLSearchParams,
  now: number,
): Representation {
  const asked = query.get('includeObject');
  return {
    form: acceptedForm(accept),
    includeObject: asked === 'None' || asked === 'Object' ? asked : 'Metadata',
    now,
  };
}

/** One object as a response body. */
export function renderOne(entry: ResourceEntry, json: string, wanted: Representation): string {
  if (wanted.form !== 'table') return renderItem(entry, json, wanted);
  const object = decodeStored(entry, json);
  const { resourceVersion } = object['metadata'] as { resourceVersion?: string };
  return `{${tableHead(entry, { resourceVersion })},"rows":[${tableRow(entry, object, wanted)}]}`;
}

/** Opening and closing text around the items of a list. */
export function listFrame(entry: ResourceEntry, metadata: object, wanted: Representation): [string, string] {
  if (wanted.form === 'table') return [`{${tableHead(entry, metadata)},"rows":[`, ']}\n'];
  const [kind, apiVersion] =
    wanted.form === 'partial'
      ? ['PartialObjectMetadataList', META]
      : [entry.listKind, apiVersionOf(entry.type)];
  const head = JSON.stringify({ kind, apiVersion, metadata });
  return [`${head.slice(0, -1)},"items":[`, ']}\n'];
}

/** One item of a list. */
export function renderItem(entry: ResourceEntry, json: string, wanted: Representation): string {
  if (wanted.form === 'object') return renderStored(entry, json);
  const object = decodeStored(entry, json);
  return wanted.form === 'partial' ? JSON.stringify(partial(object)) : tableRow(entry, object, wanted);
}

/** Objects of watch events: tables carry their columns only once. */
export function watchRenderer(
  entry: ResourceEntry,
  wanted: Representation,
  now: () => number,
): (json: string) => string {
  if (wanted.form !== 'table') return (json) => renderOne(entry, json, wanted);
  let first = true;
  return (json) => {
    const object = decodeStored(entry, json);
    const { resourceVersion } = object['metadata'] as { resourceVersion?: string };
    const columns = first ? undefined : [];
    first = false;
    return `{${tableHead(entry, { resourceVersion }, columns)},"rows":[${tableRow(entry, object, { ...wanted, now: now() })}]}`;
  };
}

function partial(object: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: META, metadata: object['metadata'] };
}

function tableHead(
  entry: ResourceEntry,
  metadata: object,
  columns: readonly Column[] = entry.columns,
): string {
  const definitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority: priority ?? 0,
  }));
  return `"kind":"Table","apiVersion":"${META}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${JSON.stringify(definitions)}`;
}

function tableRow(entry: ResourceEntry, object: JsonObject, wanted: Representation): string {
  const cells = entry.columns.map((column) => column.cell(object, wanted.now));
  const carried =
    wanted.includeObject === 'None' ? null : wanted.includeObject === 'Object' ? object : partial(object);
  return JSON.stringify({ cells, object: carried });
}
