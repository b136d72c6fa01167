/** Answers a watch request: reads its options and opens a watcher. */
import { randomInt } from 'node:crypto';
import { apiVersionOf } from '../../api/resources.ts';
import type { ResourceEntry } from '../resources/resource-entry.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { badRequest, invalidOptions, type ApiError } from './api-error.ts';
import type { ApiResponse } from './exchange.ts';
import { tooLargeRevision } from './list-objects.ts';
import { watchRenderer, type Representation } from './representation.ts';
import { selectionOf } from './selection.ts';
import type { WatchHub } from './watch-hub.ts';

export interface WatchTarget {
  entry: ResourceEntry;
  namespace?: string;
  /** A watch of one object. */
  name?: string;
}

export function watchObjects(
  hub: WatchHub,
  store: ObjectStore,
  target: WatchTarget,
  query: URLSearchParams,
  wanted: Representation,
  now: () => number,
): ApiResponse {
  const { entry } = target;
  const selection = selectionOf(entry, query);
  const revision = query.get('resourceVersion') ?? '';
  if (!/^\d{0,15}$/.test(revision))
    throw badRequest(`invalid resource version: ${JSON.stringify(revision.slice(0, 64))}`);
  const bookmarks = isTrue(query, 'allowWatchBookmarks');
  const initial = isTrue(query, 'sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (query.has('sendInitialEvents') && match !== 'NotOlderThan') {
    throw forbiddenMatch('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (!query.has('sendInitialEvents') && match !== '') {
    throw forbiddenMatch('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  const asked = revision === '' ? 0 : Number(revision);
  if (asked > store.committedRevision) throw tooLargeRevision(asked, store.committedRevision);
  const withState = initial || (asked === 0 && !query.has('sendInitialEvents'));
  const from = withState ? undefined : asked === 0 ? store.committedRevision : asked;
  const only = target.name;
  const { matches } = selection;
  const render = watchRenderer(entry, wanted, now);
  const space = target.namespace ?? selection.namespace;
  const body = hub.open({
    resource: entry.storageKey,
    view: {
      ...(space === undefined ? {} : { namespace: space }),
      ...(only === undefined && matches === undefined
        ? {}
        : {
            matches: (object) =>
              (only === undefined || (object['metadata'] as { name?: string }).name === only) &&
              (matches === undefined ||
                matches(entry.fromStorage === undefined ? object : entry.fromStorage(object))),
          }),
      render,
    },
    from,
    initialEventsEnd: initial && bookmarks,
    bookmarks,
    timeoutMs: timeoutOf(query),
    renderBookmark: (rv, end) => bookmark(entry, wanted, rv, end),
  });
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

function forbiddenMatch(detail: string): ApiError {
  return invalidOptions('ListOptions', { path: 'resourceVersionMatch', type: 'Forbidden', detail });
}

function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === 'true' || value === '1';
}

/** Without a wish the time is spread, so that watches do not all come back at once. */
function timeoutOf(query: URLSearchParams): number {
  const given = query.get('timeoutSeconds') ?? '0';
  if (!/^-?\d{1,15}$/.test(given))
    throw badRequest(`timeoutSeconds is ${JSON.stringify(given.slice(0, 64))}; give whole seconds`);
  const seconds = Number(given);
  return seconds >= 1 ? Math.min(seconds, 86_400) * 1000 : randomInt(1800, 3600) * 1000;
}

function bookmark(entry: ResourceEntry, wanted: Representation, rv: number, end: boolean): string {
  const metadata = {
    resourceVersion: String(rv),
    ...(end ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  if (wanted.form === 'table') {
    return JSON.stringify({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(rv) },
      columnDefinitions: [],
      rows: [],
    });
  }
  return wanted.form === 'partial'
    ? JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })
    : JSON.stringify({ kind: entry.type.kind, apiVersion: apiVersionOf(entry.type), metadata });
}
