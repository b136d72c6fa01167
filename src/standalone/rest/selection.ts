/** The label and field selectors of a request against what a resource offers. */
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import { parseFieldSelector } from '../selectors/field-selector.ts';
import { parseLabelSelector } from '../selectors/label-selector.ts';
import { SelectorError } from '../selectors/selector-error.ts';
import { badRequest } from './api-error.ts';

export interface Selection {
  /** Absent: everything matches and objects need not be parsed. */
  matches?: (object: JsonObject) => boolean;
  /** Set when the field selector names one object. */
  name?: string;
  /** Set when the field selector names one namespace. */
  namespace?: string;
}

/** @throws ApiError 400 when a selector cannot be read or names a field that cannot be selected by */
export function selectionOf(entry: ResourceEntry, query: URLSearchParams): Selection {
  try {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    const readers = new Map(fields.requirements.map(({ field }) => [field, fieldReader(entry, field)]));
    if (labels.empty && readers.size === 0) return {};
    const name = fields.exact('metadata.name');
    const namespace = fields.exact('metadata.namespace');
    return {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      matches: (object) =>
        labels.matches(metaOf(object).labels) && fields.matches((field) => readers.get(field)?.(object)),
    };
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

function fieldReader(entry: ResourceEntry, field: string): (object: JsonObject) => string {
  if (field === 'metadata.name') return (object) => metaOf(object).name ?? '';
  if (field === 'metadata.namespace') return (object) => metaOf(object).namespace ?? '';
  const read = Object.hasOwn(entry.selectableFields, field) ? entry.selectableFields[field] : undefined;
  if (read === undefined) throw badRequest(`field label not supported: ${field}`);
  return read;
}
