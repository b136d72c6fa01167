/** What clients asked of the API server, from its own audit log: counts per user, verb, resource, answer. */

import { open, stat } from 'node:fs/promises';

/**
 * Every request once, with neither bodies (Secrets would be in the file) nor the stage at which it was received: the
 * number of lines is the number of requests, but for watches, which tell when they begin and when they end.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** A position in the log, from `mark()`. */
export type AuditMark = number;

export interface AuditEntry {
  /** The user name that RBAC saw: `system:serviceaccount:<namespace>:<name>` for a ServiceAccount's token. */
  readonly user: string;
  readonly groups: readonly string[];
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; as RBAC names them. */
  readonly verb: string;
  /** Empty for paths that are no resource, such as `/version`. */
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The HTTP status of the answer; 0 while a watch is open and has not ended. */
  readonly code: number;
  readonly requestUri: string;
  readonly userAgent: string;
  /** Milliseconds since 1970, when the request arrived. */
  readonly at: number;
  /** What the API server's authorizer said: `allow` or `forbid`, and why. */
  readonly decision: string;
  readonly reason: string;
}

export interface AuditFilter {
  /** From `mark()`; the whole log when absent. */
  readonly since?: AuditMark;
  readonly user?: string;
  readonly verb?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly code?: number;
  /** Part of the User-Agent. */
  readonly userAgent?: string;
}

export interface AuditLog {
  /** The log's end now: everything answered before is before it. */
  mark(): Promise<AuditMark>;
  /** The requests that were answered (watches: begun) by now, in the order of the log, each once. */
  entries(filter?: AuditFilter): Promise<AuditEntry[]>;
  /** The same, counted by `verb resource[/subresource]`, the most frequent first. */
  counts(filter?: AuditFilter): Promise<Record<string, number>>;
}

/**
 * The log at `file`. `ask` sends one GET to the API server. The server writes a request's line when its handler ends, a
 * moment after a client may have read the answer; a request of our own whose line has arrived shows that those before
 * it have, too.
 */
export function openAuditLog(file: string, ask: (path: string) => Promise<void>): AuditLog {
  let markers = 0;
  const flush = async (): Promise<{ before: number; after: number }> => {
    // The first is sent when the caller's last request is answered, the second when the first one's line is there:
    // by then the handler of the caller's request has had a whole round trip through the server to end.
    let cut = { before: 0, after: 0 };
    for (let round = 0; round < 2; round += 1) {
      const begin = (await stat(file).catch(() => undefined))?.size ?? 0;
      const marker = `/version?certwright-audit=${process.pid}-${(markers += 1)}`;
      await ask(marker);
      cut = await find(file, begin, `"requestURI":"${marker}"`);
    }
    return cut;
  };
  const entries = async (filter: AuditFilter = {}): Promise<AuditEntry[]> => {
    const { before } = await flush();
    const text = await slice(file, filter.since ?? 0, before);
    const byId = new Map<string, AuditEntry>();
    for (const line of text.split('\n')) {
      if (line === '' || line.includes('"/version?certwright-audit=')) continue;
      const event = JSON.parse(line) as RawEvent;
      byId.set(event.auditID, entryOf(event));
    }
    return [...byId.values()].filter((entry) => matches(entry, filter));
  };
  return {
    mark: async () => (await flush()).after,
    entries,
    async counts(filter) {
      const counted = new Map<string, number>();
      for (const entry of await entries(filter)) {
        const what = entry.resource === '' ? entry.requestUri.split('?')[0] : entry.resource;
        const key = `${entry.verb} ${what}${entry.subresource === '' ? '' : `/${entry.subresource}`}`;
        counted.set(key, (counted.get(key) ?? 0) + 1);
      }
      return Object.fromEntries([...counted].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
    },
  };
}

interface RawEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly userAgent?: string;
  readonly user?: { username?: string; groups?: string[] };
  readonly impersonatedUser?: { username?: string; groups?: string[] };
  readonly responseStatus?: { code?: number };
  readonly stage: string;
  readonly annotations?: Record<string, string>;
  readonly objectRef?: {
    apiGroup?: string;
    resource?: string;
    subresource?: string;
    namespace?: string;
    name?: string;
  };
}

function entryOf(event: RawEvent): AuditEntry {
  const { objectRef, annotations } = event;
  const user = event.impersonatedUser ?? event.user;
  return {
    user: user?.username ?? '',
    groups: user?.groups ?? [],
    verb: event.verb,
    apiGroup: objectRef?.apiGroup ?? '',
    resource: objectRef?.resource ?? '',
    subresource: objectRef?.subresource ?? '',
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    code: event.stage === 'ResponseStarted' ? 0 : (event.responseStatus?.code ?? 0),
    requestUri: event.requestURI,
    userAgent: event.userAgent ?? '',
    at: Date.parse(event.requestReceivedTimestamp),
    decision: annotations?.['authorization.k8s.io/decision'] ?? '',
    reason: annotations?.['authorization.k8s.io/reason'] ?? '',
  };
}

function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  const { user, verb, resource, subresource, namespace, code, userAgent } = filter;
  return (
    (user === undefined || entry.user === user) &&
    (verb === undefined || entry.verb === verb) &&
    (resource === undefined || entry.resource === resource) &&
    (subresource === undefined || entry.subresource === subresource) &&
    (namespace === undefined || entry.namespace === namespace) &&
    (code === undefined || entry.code === code) &&
    (userAgent === undefined || entry.userAgent.includes(userAgent))
  );
}

/** Where the first line with `text` after `from` begins and ends, in bytes. */
async function find(file: string, from: number, text: string): Promise<{ before: number; after: number }> {
  const limit = performance.now() + 10_000;
  for (;;) {
    const content = await slice(file, from);
    const at = content.indexOf(text);
    const end = at === -1 ? -1 : content.indexOf('\n', at);
    if (end !== -1) {
      const bytes = (index: number): number => from + Buffer.byteLength(content.slice(0, index));
      return { before: bytes(content.lastIndexOf('\n', at) + 1), after: bytes(end + 1) };
    }
    if (performance.now() > limit) throw new Error(`${file}: the API server does not log ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function slice(file: string, from: number, to?: number): Promise<string> {
  const handle = await open(file);
  try {
    const end = to ?? (await handle.stat()).size;
    const buffer = Buffer.alloc(Math.max(0, end - from));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}
