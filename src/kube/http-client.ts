/** The Kubernetes verbs over HTTP: paths, queries, content types, and the shape of what comes back. */
import type { KubeList, KubeObject } from '../api/meta.ts';
import { apiVersionOf, type ResourceType } from '../api/resources.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { BadRequestError, errorFromStatus, ProtocolError } from './errors.ts';
import type { Purpose } from './observe.ts';
import { createTransport, type KubeConnection, type Transport } from './transport.ts';
import { bookmarkFor } from './known-event.ts';
import { decodeLines } from './watch-stream.ts';

export interface KubeClientOptions extends KubeConnection {
  /** First token of the User-Agent: who of us is asking, such as `cert-manager-certificates-trigger`. */
  component?: string;
  /** Longest watch event, 8 MiB when absent (an object may have 1.5 MiB in etcd and grows as JSON). */
  maxEventBytes?: number;
  /** A watch that is silent for longer is taken for dead; 150 s when absent (bookmarks come once a minute). */
  watchIdleMs?: number;
}

const contentTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

const metadataAccept = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
} as const;

const eventTypes = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/** A client for one component of ours. Cheap: many clients share one connection. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const transport: Transport = createTransport(options, options.component ?? 'cert-manager');
  const maxEventBytes = options.maxEventBytes ?? 8 * 1024 * 1024;
  const watchIdleMs = options.watchIdleMs ?? 150_000;

  const write = async <T extends KubeObject>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    write: ApplyOptions,
    extra: { purpose: Purpose; contentType?: string; idempotent?: boolean },
  ): Promise<T> => {
    const query = queryOf({
      fieldManager: write.fieldManager,
      force: write.force,
      dryRun: write.dryRun === true ? 'All' : undefined,
      fieldValidation: write.fieldValidation,
    });
    const answer = await transport.request({
      method,
      path: path + query,
      body: JSON.stringify(body),
      accept: write.unread === true ? `${metadataAccept.watch},application/json` : undefined,
      signal: write.signal,
      permit: write.permit,
      ...extra,
    });
    if (write.unread === true) return {} as T;
    return objectOf(answer.body, path) as T;
  };

  return {
    async get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T> {
      const path = pathOf(type, key.namespace, key.name);
      const purpose = purposeOf('get', type);
      return objectOf((await transport.request({ method: 'GET', path, signal, purpose })).body, path) as T;
    },

    async list<T extends KubeObject>(type: ResourceType, list: ListOptions = {}): Promise<KubeList<T>> {
      const path = pathOf(type, list.namespace);
      const answer = await transport.request({
        method: 'GET',
        path: path + queryOf({ ...selection(list), limit: list.limit, continue: list.continue }),
        accept: list.metadataOnly === true ? `${metadataAccept.list},application/json` : undefined,
        signal: list.signal,
        purpose: purposeOf('list', type),
      });
      const found = objectOf(answer.body, path) as KubeList<T>;
      if (!Array.isArray(found.items)) {
        // Go writes an empty slice as null.
        if (found.items !== null) throw new ProtocolError(`GET ${path}: the API server's list has no items`);
        found.items = [];
      }
      found.metadata ??= {};
      // Items of a list come without their kind.
      const apiVersion = apiVersionOf(type);
      for (const item of found.items) {
        item.apiVersion ??= apiVersion;
        item.kind ??= type.kind;
      }
      return found;
    },

    async *watch<T extends KubeObject>(
      type: ResourceType,
      watch: WatchOptions = {},
    ): AsyncIterable<WatchEvent<T>> {
      const path = pathOf(type, watch.namespace);
      const query = queryOf({
        ...selection(watch),
        watch: true,
        allowWatchBookmarks: watch.allowWatchBookmarks,
        sendInitialEvents: watch.sendInitialEvents,
        resourceVersionMatch: watch.sendInitialEvents === undefined ? undefined : 'NotOlderThan',
        timeoutSeconds: watch.timeoutSeconds,
      });
      const chunks = await transport.stream(
        {
          method: 'GET',
          path: path + query,
          accept: watch.metadataOnly === true ? `${metadataAccept.watch},application/json` : undefined,
          signal: watch.signal,
          purpose: purposeOf('watch', type),
        },
        { idleMs: watchIdleMs },
      );
      const { isKnown } = watch;
      const instead = isKnown === undefined ? undefined : (line: Buffer) => bookmarkFor(line, isKnown);
      for await (const value of decodeLines(chunks, maxEventBytes, instead)) yield eventOf<T>(value, path);
    },

    create: (type, object, options) =>
      write('POST', pathOf(type, object.metadata?.namespace), object, options, {
        purpose: purposeOf('create', type),
      }),

    update: (type, object, options) =>
      // Without a resourceVersion a second PUT could undo somebody's write in between.
      write('PUT', pathOfObject(type, object, options), object, options, {
        idempotent: object.metadata?.resourceVersion !== undefined,
        purpose: purposeOf('update', type, options.subresource),
      }),

    patch: (type, key, patchType, patch, options) =>
      write('PATCH', pathOf(type, key.namespace, key.name, options.subresource), patch, options, {
        contentType: contentTypes[patchType],
        purpose: purposeOf('patch', type, options.subresource),
      }),

    apply: (type, object, options) =>
      write('PATCH', pathOfObject(type, object, options), object, options, {
        contentType: 'application/apply-patch+yaml',
        idempotent: true,
        purpose: purposeOf('apply', type, options.subresource),
      }),

    async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
      const { propagationPolicy, preconditions, signal, permit } = options;
      const needsBody = propagationPolicy !== undefined || preconditions !== undefined;
      await transport.request({
        method: 'DELETE',
        path: pathOf(type, key.namespace, key.name),
        body: needsBody
          ? JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions })
          : undefined,
        signal,
        permit,
        purpose: purposeOf('delete', type),
      });
    },
  };
}

function purposeOf(verb: string, type: ResourceType, subresource?: string): Purpose {
  return { verb, resource: subresource === undefined ? type.plural : `${type.plural}/${subresource}` };
}

function pathOf(type: ResourceType, namespace?: string, name?: string, subresource?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope =
    type.namespaced && namespace !== undefined && namespace !== '' ? `/namespaces/${segment(namespace)}` : '';
  const rest = name === undefined ? '' : `/${segment(name)}`;
  return `${root}${scope}/${type.plural}${rest}${subresource === undefined ? '' : `/${subresource}`}`;
}

function pathOfObject(type: ResourceType, object: KubeObject, options: WriteOptions): string {
  const { namespace, name } = object.metadata ?? {};
  return pathOf(type, namespace, name ?? '', options.subresource);
}

/** A name from a manifest must stay one path segment: `.`, `..` and nothing would address something else. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..')
    throw new BadRequestError(`${JSON.stringify(name)} cannot be the name of an object`);
  return encodeURIComponent(name);
}

function selection(options: ListOptions | WatchOptions): Record<string, string | undefined> {
  const { labelSelector, fieldSelector, resourceVersion } = options;
  return { labelSelector, fieldSelector, resourceVersion };
}

function queryOf(parameters: Record<string, string | number | boolean | undefined>): string {
  let query = '';
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query += `${query === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  return query;
}

function objectOf(body: Buffer, path: string): KubeObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // Not attached as cause: its message quotes the body, which may be a Secret.
    throw new ProtocolError(`${path}: the API server's answer is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError(`${path}: the API server's answer is not an object`);
  return value;
}

function eventOf<T extends KubeObject>(value: unknown, path: string): WatchEvent<T> {
  const event = value as { type?: unknown; object?: unknown } | null;
  const object = event?.object;
  if (typeof event !== 'object' || typeof object !== 'object' || object === null)
    throw new ProtocolError(`${path}: the API server sent a watch event without an object`);
  if (event?.type === 'ERROR') throw errorFromStatus(object, { request: `WATCH ${path}` });
  if (!eventTypes.has(String(event?.type)))
    throw new ProtocolError(`${path}: the API server sent a watch event of unknown type`);
  return event as WatchEvent<T>;
}
