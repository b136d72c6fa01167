/** Lists: consistent snapshots, pages with continue tokens, resourceVersion rules. */
import type { JsonObject, ResourceEntry } from '../resources/resource-entry.ts';
import type { ObjectStore, Row } from '../storage/object-store.ts';
import { ApiError, badRequest, expired, invalidOptions } from './api-error.ts';
import type { ApiResponse } from './exchange.ts';
import { listFrame, renderItem, type Representation } from './representation.ts';
import { selectionOf } from './selection.ts';
import { decodeStored } from './stored-form.ts';

const CHUNK = 256;

interface Position {
  namespace: string;
  name: string;
}

interface Continue {
  rv: number;
  after: Position;
}

function encodeContinue(token: Continue): string {
  const text = JSON.stringify({
    v: 'meta.k8s.io/v1',
    rv: token.rv,
    start: `${token.after.namespace}/${token.after.name}`,
  });
  return Buffer.from(text).toString('base64url');
}

function decodeContinue(text: string): Continue {
  try {
    const value = JSON.parse(Buffer.from(text.slice(0, 2048), 'base64url').toString()) as {
      rv?: unknown;
      start?: unknown;
    };
    if (Number.isSafeInteger(value.rv) && typeof value.start === 'string') {
      const slash = value.start.indexOf('/');
      return {
        rv: value.rv as number,
        after: { namespace: value.start.slice(0, slash), name: value.start.slice(slash + 1) },
      };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw badRequest('continue key is not valid: it must come from an earlier list');
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(
      `invalid query parameter ${name}=${JSON.stringify(text.slice(0, 64))}: must be a whole number`,
    );
  return Number(text);
}

/** A revision of the future: asked for by a client of another database. */
export function tooLargeRevision(asked: number, current: number): ApiError {
  return new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

function badMatch(type: 'Forbidden' | 'NotSupported', detail: string, value?: string): ApiError {
  return invalidOptions('ListOptions', {
    path: 'resourceVersionMatch',
    type,
    detail,
    ...(value === undefined ? {} : { value }),
  });
}

/** The revision that a list is to show. @throws ApiError */
function snapshotRevision(query: URLSearchParams, store: ObjectStore): number {
  const current = store.revision;
  const asked = wholeNumber(query, 'resourceVersion');
  const match = query.get('resourceVersionMatch') ?? '';
  if (asked === undefined) {
    if (match !== '')
      throw badMatch('Forbidden', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
    return current;
  }
  if (!['', 'Exact', 'NotOlderThan'].includes(match))
    throw badMatch('NotSupported', 'supported values: "Exact", "NotOlderThan", ""', match.slice(0, 64));
  if (asked > current) throw tooLargeRevision(asked, current);
  if (match !== 'Exact') return current;
  if (asked === 0)
    throw badMatch('Forbidden', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  if (asked < store.horizon) throw expired(asked, store.horizon);
  return asked;
}

/** Answers a list. `store.committed()` has been waited for. */
export function listObjects(
  store: ObjectStore,
  entry: ResourceEntry,
  namespace: string | undefined,
  query: URLSearchParams,
  wanted: Representation,
): ApiResponse {
  if (query.has('sendInitialEvents'))
    throw invalidOptions('ListOptions', {
      path: 'sendInitialEvents',
      type: 'Forbidden',
      detail: 'sendInitialEvents is forbidden for list',
    });
  const selection = selectionOf(entry, query);
  const limit = wholeNumber(query, 'limit') ?? 0;
  const token = query.get('continue') ?? '';
  const resume = token === '' ? undefined : decodeContinue(token);
  if (
    resume !== undefined &&
    (query.get('resourceVersion') ?? '0') !== '0' &&
    query.get('resourceVersion') !== ''
  ) {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const at = resume?.rv ?? snapshotRevision(query, store);
  if (at < store.horizon) {
    throw new ApiError(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. Start a new list without it.',
    );
  }
  const space = namespace ?? selection.namespace;
  if (
    selection.name !== undefined &&
    at === store.revision &&
    (space !== undefined || !entry.type.namespaced)
  )
    return single(
      store,
      entry,
      { namespace: space ?? '', name: selection.name },
      at,
      selection.matches,
      wanted,
    );
  const base = { at, ...(space === undefined ? {} : { namespace: space }) };
  const keep = (row: Row): boolean =>
    selection.matches === undefined || selection.matches(decodeStored(entry, row.json));
  if (limit > 0) {
    const { rows, next } = onePage(store, entry, base, limit, keep, resume?.after);
    const metadata = {
      resourceVersion: String(at),
      ...(next === undefined ? {} : { continue: encodeContinue({ rv: at, after: next }) }),
      ...(next === undefined || selection.matches !== undefined
        ? {}
        : { remainingItemCount: store.count(entry.storageKey, at, space, next) }),
    };
    const [head, tail] = listFrame(entry, metadata, wanted);
    return answer(head + rows.map((row) => renderItem(entry, row.json, wanted)).join(',') + tail);
  }
  return answer(everything(store, entry, base, keep, wanted, resume?.after));
}

function answer(body: string | Iterable<string>): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

function single(
  store: ObjectStore,
  entry: ResourceEntry,
  key: Position,
  at: number,
  matches: ((object: JsonObject) => boolean) | undefined,
  wanted: Representation,
): ApiResponse {
  const row = store.get({ resource: entry.storageKey, ...key });
  const [head, tail] = listFrame(entry, { resourceVersion: String(at) }, wanted);
  const shown = row !== undefined && (matches === undefined || matches(decodeStored(entry, row.json)));
  return answer(`${head}${shown ? renderItem(entry, row.json, wanted) : ''}${tail}`);
}

function onePage(
  store: ObjectStore,
  entry: ResourceEntry,
  base: { at: number; namespace?: string },
  limit: number,
  keep: (row: Row) => boolean,
  start: Position | undefined,
): { rows: Row[]; next: Position | undefined } {
  const rows: Row[] = [];
  let after = start;
  for (;;) {
    const size = Math.min(CHUNK, limit - rows.length);
    const page = store.list(entry.storageKey, {
      ...base,
      ...(after === undefined ? {} : { after }),
      limit: size,
    });
    rows.push(...page.rows.filter(keep));
    const last = page.rows.at(-1);
    if (last !== undefined) after = { namespace: last.namespace, name: last.name };
    if (!page.more) return { rows, next: undefined };
    if (rows.length >= limit) return { rows, next: after };
  }
}

/** Reads on while it is sent, so that a large list is never in memory as a whole. */
function* everything(
  store: ObjectStore,
  entry: ResourceEntry,
  base: { at: number; namespace?: string },
  keep: (row: Row) => boolean,
  wanted: Representation,
  start: Position | undefined,
): Generator<string> {
  const unpin = store.pin(base.at);
  try {
    const [head, tail] = listFrame(entry, { resourceVersion: String(base.at) }, wanted);
    let after = start;
    let text = head;
    let first = true;
    for (;;) {
      // A reader that stood still for so long that history went on without it: the answer is cut, not made up.
      if (base.at < store.horizon) throw expired(base.at, store.horizon);
      const page = store.list(entry.storageKey, {
        ...base,
        ...(after === undefined ? {} : { after }),
        limit: CHUNK,
      });
      for (const row of page.rows) {
        if (!keep(row)) continue;
        text += `${first ? '' : ','}${renderItem(entry, row.json, wanted)}`;
        first = false;
      }
      const last = page.rows.at(-1);
      if (!page.more || last === undefined) break;
      after = { namespace: last.namespace, name: last.name };
      yield text;
      text = '';
    }
    yield text + tail;
  } finally {
    unpin();
  }
}
