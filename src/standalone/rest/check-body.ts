/** Whether a body is an object of the kind, in the place, that the path names. */
import { apiVersionOf } from '../../api/resources.ts';
import { metadataShapeComplaint } from '../resources/object-meta.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import * as api from './api-error.ts';

/** Kind, version, shape of metadata, and agreement with the path. @throws ApiError 400 */
export function checkBody(
  entry: ResourceEntry,
  object: JsonObject,
  path: { namespace: string; name?: string },
): void {
  const { kind } = entry.type;
  const apiVersion = apiVersionOf(entry.type);
  // As kube-apiserver has it: what is missing follows from the path for kinds that it knows itself.
  if (!entry.strategicMerge) requireType(object);
  object['apiVersion'] ??= apiVersion;
  object['kind'] ??= kind;
  if (object['kind'] !== kind || object['apiVersion'] !== apiVersion) {
    throw api.badRequest(
      `the API version in the data (${String(object['apiVersion'])}, ${String(object['kind'])}) does not match the expected API version (${apiVersion}, ${kind})`,
    );
  }
  object['metadata'] ??= {};
  const complaint = metadataShapeComplaint(object['metadata']);
  if (complaint !== undefined)
    throw api.badRequest(
      `${kind} in version "${entry.type.version}" cannot be handled as a ${kind}: ${complaint}`,
    );
  const meta = metaOf(object);
  if (entry.type.namespaced) {
    if (meta.namespace !== undefined && meta.namespace !== '' && meta.namespace !== path.namespace) {
      throw api.badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    meta.namespace = path.namespace;
  } else delete meta.namespace;
  if (path.name !== undefined) {
    meta.name ??= path.name;
    if (meta.name !== path.name) {
      throw api.badRequest(
        `the name of the object (${meta.name}) does not match the name on the URL (${path.name})`,
      );
    }
  }
}

/** Kind and version, which an apply and a custom resource have to name. @throws ApiError 400 */
export function requireType(object: JsonObject): void {
  for (const field of ['kind', 'apiVersion']) {
    const given = object[field] ?? '';
    if (typeof given !== 'string' || given === '')
      throw api.badRequest(`the object has no ${field}: say which kind it is, in apiVersion and kind`);
  }
}
