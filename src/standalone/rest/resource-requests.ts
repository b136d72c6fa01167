/** Requests for resources: finds the entry, checks the verb and calls what does the work. */
import type { Authorize } from '../../api/admission.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic-merge-patch.ts';
import {
  metaOf,
  statusWritersOf,
  textOf,
  type JsonObject,
  type ResourceEntry,
  type Verb,
} from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import * as api from './api-error.ts';
import { checkBody } from './check-body.ts';
import type { ApiRequest, ApiResponse } from './exchange.ts';
import { listObjects } from './list-objects.ts';
import type { ObjectDeleter } from './object-deleter.ts';
import type { Change, ObjectWriter, Target, WriteContext, Written } from './object-writer.ts';
import { listFrame, renderItem, renderOne, representationOf, type Representation } from './representation.ts';
import { asObject, deleteRequest, dryRunOf, jsonBody, mediaType, objectBody } from './request-body.ts';
import type { ResourcePath } from './route.ts';
import { selectionOf } from './selection.ts';
import { decodeStored } from './stored-form.ts';
import type { WatchHub } from './watch-hub.ts';
import { watchObjects } from './watch-objects.ts';

export interface ResourceDeps {
  store: ObjectStore;
  registry: ResourceRegistry;
  hub: WatchHub;
  authorize: Authorize | undefined;
  now: () => number;
  writer: ObjectWriter;
  deleter: ObjectDeleter;
}

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

interface Call {
  deps: ResourceDeps;
  entry: ResourceEntry;
  path: ResourcePath;
  request: ApiRequest;
  warnings: string[];
  wanted: Representation;
}

export async function serveResource(
  deps: ResourceDeps,
  path: ResourcePath,
  request: ApiRequest,
  warnings: string[],
): Promise<ApiResponse> {
  const entry = deps.registry.get(path.group, path.version, path.plural);
  if (entry === undefined) throw api.noSuchPath();
  if (path.namespace !== undefined && !entry.type.namespaced) throw api.noSuchPath();
  if (path.subresource !== undefined && !statusWritersOf(entry).includes(path.subresource))
    throw api.noSuchPath(entry.unserved?.get(path.subresource));
  if (entry.deprecated !== undefined) warnings.push(entry.deprecated.warning);
  const wanted = representationOf(request.headers['accept'], request.query, deps.now());
  const call: Call = { deps, entry, path, request, warnings, wanted };
  // Nothing is answered that could still be lost: reads wait for the commit under way.
  await deps.store.committed();
  return path.name === undefined ? collection(call) : single(call, path.name);
}

function requireVerb(entry: ResourceEntry, verb: Verb): void {
  if (!entry.verbs.includes(verb)) throw api.methodNotAllowed(entry.type);
}

function collection(call: Call): ApiResponse | Promise<ApiResponse> {
  const { entry, path, request, deps } = call;
  switch (request.method) {
    case 'GET': {
      if (path.watch || isWatch(request.query)) {
        requireVerb(entry, 'watch');
        const target = { entry, ...(path.namespace === undefined ? {} : { namespace: path.namespace }) };
        return watchObjects(deps.hub, deps.store, target, request.query, call.wanted, deps.now);
      }
      requireVerb(entry, 'list');
      return listObjects(deps.store, entry, path.namespace, request.query, call.wanted);
    }
    case 'POST':
      requireVerb(entry, 'create');
      return create(call);
    case 'DELETE':
      requireVerb(entry, 'deletecollection');
      // Whoever forgets the namespace must not empty all of them.
      if (entry.type.namespaced && path.namespace === undefined) throw api.methodNotAllowed(entry.type);
      return deleteCollection(call);
    default:
      throw api.methodNotAllowed(entry.type);
  }
}

/** As kube-apiserver reads a boolean: whatever is there and does not deny it. */
function isWatch(query: URLSearchParams): boolean {
  const given = query.get('watch');
  return given !== null && given !== '0' && given.toLowerCase() !== 'false';
}

async function single(call: Call, name: string): Promise<ApiResponse> {
  const { entry, path, request, deps } = call;
  if (entry.type.namespaced && path.namespace === undefined) throw api.noSuchPath();
  const target: Target = { entry, namespace: path.namespace ?? '', name };
  switch (request.method) {
    case 'GET': {
      requireVerb(entry, 'get');
      if (path.watch) {
        return watchObjects(
          deps.hub,
          deps.store,
          { entry, namespace: target.namespace, name },
          request.query,
          call.wanted,
          deps.now,
        );
      }
      const row = deps.store.get({ resource: entry.storageKey, namespace: target.namespace, name });
      if (row === undefined) throw api.notFound(entry.type, name);
      return answer(200, renderOne(entry, row.json, call.wanted));
    }
    case 'PUT': {
      requireVerb(entry, 'update');
      await checkPermission(call, target);
      const duplicates: string[] = [];
      const body = objectBody(request, duplicates);
      let first = true;
      const change = (): JsonObject => {
        // Each attempt starts from what the client sent.
        const object = first ? body : objectBody(request);
        first = false;
        if (entry.versionedUpdate && (metaOf(object).resourceVersion ?? '') === '')
          throw api.invalid({ ...entry.type, kind: entry.type.plural }, path.name ?? '', [
            {
              path: 'metadata.resourceVersion',
              type: 'Invalid',
              value: 0,
              detail: 'must be specified for an update',
            },
          ]);
        return object;
      };
      return written(call, await deps.writer.update(target, change, writeContext(call, duplicates)));
    }
    case 'PATCH':
      requireVerb(entry, 'patch');
      await checkPermission(call, target);
      return patch(call, target);
    case 'DELETE': {
      if (path.subresource !== undefined) throw api.methodNotAllowed(entry.type);
      requireVerb(entry, 'delete');
      const deleted = await deps.deleter.delete(target, deleteRequest(request), request.user, call.warnings);
      return answer(
        200,
        deleted.waitingJson === undefined
          ? JSON.stringify(deleted.status)
          : renderOne(entry, deleted.waitingJson, call.wanted),
      );
    }
    default:
      throw api.methodNotAllowed(entry.type);
  }
}

/** For kinds whose subresources are for some users only: asked of whoever answers access reviews. */
async function checkPermission({ deps, entry, path, request }: Call, target: Target): Promise<void> {
  const { authorize, store } = deps;
  if (entry.permission === undefined || authorize === undefined || path.subresource === undefined) return;
  const key = { resource: entry.storageKey, namespace: target.namespace, name: target.name };
  const row = store.get(key);
  const asked =
    row === undefined ? undefined : entry.permission(decodeStored(entry, row.json), path.subresource);
  if (asked === undefined) return;
  const { verb, group, resource, names, refusal } = asked;
  for (const name of names) {
    if (await authorize({ user: request.user, verb, group, resource, name })) return;
  }
  throw api.forbidden(entry.type, target.name, refusal);
}

function answer(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${body}\n` };
}

function written(call: Call, result: Written): ApiResponse {
  return answer(result.created ? 201 : 200, renderOne(call.entry, result.json, call.wanted));
}

const OPTIONS: Readonly<Record<string, 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
};

function writeContext(
  { request, path, warnings }: Call,
  duplicates: readonly string[],
  isApply = false,
): WriteContext {
  const { query } = request;
  const validation = query.get('fieldValidation') ?? '';
  const options = OPTIONS[request.method] ?? 'CreateOptions';
  if (!['', 'Strict', 'Warn', 'Ignore'].includes(validation)) {
    throw api.invalidOptions(options, {
      path: 'fieldValidation',
      type: 'NotSupported',
      value: validation.slice(0, 64),
      detail: 'supported values: "", "Ignore", "Strict", "Warn"',
    });
  }
  const given = query.get('fieldManager') ?? '';
  if (given.length > 128 || /[^\u0020-\u007e\u00a0-\uffff]/.test(given)) {
    throw api.badRequest('fieldManager must be at most 128 printable characters');
  }
  if (isApply && given === '')
    throw api.invalidOptions(options, {
      path: 'fieldManager',
      type: 'Required',
      detail: 'is required for apply patch',
    });
  const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0]!.slice(0, 128);
  return {
    user: request.user,
    fieldManager: given === '' ? agent : given,
    dryRun: dryRunOf(query.getAll('dryRun'), options),
    fieldValidation: validation === '' ? 'Warn' : (validation as WriteContext['fieldValidation']),
    warnings,
    duplicates,
    ...(path.subresource === undefined ? {} : { subresource: path.subresource }),
  };
}

async function create(call: Call): Promise<ApiResponse> {
  const { entry, path, request, deps } = call;
  const duplicates: string[] = [];
  const object = objectBody(request, duplicates);
  if (entry.review !== undefined) {
    checkBody(entry, object, { namespace: path.namespace ?? '' });
    const { authorize } = deps;
    const reviewed = await entry.review(object, {
      user: request.user,
      now: deps.now(),
      allowed: (user, attributes, nonResource) =>
        authorize === undefined || nonResource
          ? true
          : authorize({
              user,
              verb: textOf(attributes['verb']),
              group: textOf(attributes['group']),
              resource: textOf(attributes['resource']),
              ...(typeof attributes['namespace'] === 'string' ? { namespace: attributes['namespace'] } : {}),
              ...(typeof attributes['name'] === 'string' ? { name: attributes['name'] } : {}),
            }),
    });
    return answer(201, JSON.stringify(reviewed));
  }
  if (entry.type.namespaced && path.namespace === undefined) throw api.methodNotAllowed(entry.type);
  const context = writeContext(call, duplicates);
  return written(call, await deps.writer.create(entry, path.namespace ?? '', object, context));
}

async function patch(call: Call, target: Target): Promise<ApiResponse> {
  const { entry, request, deps } = call;
  const type = mediaType(request);
  if (!PATCH_TYPES.includes(type)) throw api.unsupportedMediaType(type, PATCH_TYPES);
  const duplicates: string[] = [];
  if (type === 'application/apply-patch+yaml') {
    const force = ['true', '1'].includes(request.query.get('force') ?? '');
    const applied = asObject(jsonBody(request, true, duplicates));
    const context = writeContext(call, duplicates, true);
    return written(call, await deps.writer.apply(target, applied, force, context));
  }
  if (request.query.has('force'))
    throw api.invalidOptions('PatchOptions', {
      path: 'force',
      type: 'Forbidden',
      detail: 'may not be specified for non-apply patch',
    });
  const given = jsonBody(request, false, duplicates);
  const change = patcher(entry, type, given);
  return written(call, await deps.writer.update(target, change, writeContext(call, duplicates)));
}

function patcher(entry: ResourceEntry, type: string, given: unknown): Change {
  switch (type) {
    case 'application/json-patch+json':
      return (current) => asObject(jsonPatch(current(), given));
    case 'application/merge-patch+json':
      return (current) => asObject(mergePatch(current(), given));
    default:
      if (!entry.strategicMerge) {
        throw api.unsupportedMediaType(
          type,
          PATCH_TYPES.filter((one) => one !== type),
        );
      }
      return (current) => asObject(strategicMergePatch(current(), given, entry.openapi));
  }
}

/** Deletes what matches and answers with what there was. */
async function deleteCollection(call: Call): Promise<ApiResponse> {
  const { entry, path, request, deps, wanted } = call;
  const selection = selectionOf(entry, request.query);
  const options = deleteRequest(request);
  const at = deps.store.revision;
  const gone: string[] = [];
  let after: { namespace: string; name: string } | undefined;
  for (;;) {
    const page = deps.store.list(entry.storageKey, {
      at,
      limit: 256,
      ...(path.namespace === undefined ? {} : { namespace: path.namespace }),
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page.rows) {
      after = { namespace: row.namespace, name: row.name };
      if (selection.matches !== undefined && !selection.matches(decodeStored(entry, row.json))) continue;
      const target = { entry, namespace: row.namespace, name: row.name };
      try {
        await deps.deleter.delete(target, options, request.user, call.warnings);
      } catch (error) {
        if (error instanceof api.ApiError && error.httpCode === 404) continue; // Somebody was faster.
        throw error;
      }
      gone.push(renderItem(entry, row.json, wanted));
    }
    if (!page.more || page.rows.length === 0) break;
  }
  const [head, tail] = listFrame(entry, { resourceVersion: String(deps.store.revision) }, wanted);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: head + gone.join(',') + tail };
}
