/** A small API server for the tests of this room: real sockets, real wire shapes, and every fault on request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../api/meta.ts';

export interface TestObject extends KubeObject {
  data?: Record<string, string>;
}

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Looks at a request first; true: it answered. */
export type Fault = (request: Seen, response: ServerResponse) => boolean;

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: number;
  object: TestObject;
}

/** Serves `/api/v1/namespaces/default/configmaps` (and the list across namespaces). */
export class TestServer {
  readonly objects = new Map<string, TestObject>();
  readonly seen: Seen[] = [];
  readonly faults: Fault[] = [];
  url = '';
  #version = 100;
  #log: Change[] = [];
  /** Older versions are forgotten: watches from before get 410. */
  #oldest = 100;
  #watches = new Set<ServerResponse>();
  /** The objects as they stood at the version of a list that has further pages. */
  #snapshots = new Map<number, TestObject[]>();
  #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen = {
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        this.seen.push(seen);
        const at = this.faults.findIndex((fault) => fault(seen, response));
        if (at === -1) this.#answer(seen, response);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  get version(): number {
    return this.#version;
  }
  get watches(): number {
    return this.#watches.size;
  }

  put(name: string, value: string): TestObject {
    const version = ++this.#version;
    const type = this.objects.has(name) ? 'MODIFIED' : 'ADDED';
    const object: TestObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', resourceVersion: String(version) },
      data: { value },
    };
    this.objects.set(name, object);
    this.#publish({ type, version, object });
    return object;
  }
  remove(name: string): void {
    const object = this.objects.get(name);
    if (object === undefined) return;
    const version = ++this.#version;
    this.objects.delete(name);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#publish({ type: 'DELETED', version, object: last });
  }
  /** Everything up to now is forgotten; watches that are cut now must list again. */
  compact(): void {
    this.#log = [];
    this.#oldest = this.#version;
  }
  cutWatches(): void {
    for (const watch of this.#watches) watch.destroy();
    this.#watches.clear();
  }
  /** Raw bytes into every open watch. */
  inject(bytes: string | Buffer): void {
    for (const watch of this.#watches) watch.write(bytes);
  }
  bookmark(): void {
    const metadata = { resourceVersion: String(this.#version) };
    this.inject(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata } })}\n`);
  }

  #publish(change: Change): void {
    this.#log.push(change);
    for (const watch of this.#watches) watch.write(lineOf(change));
  }

  #answer(seen: Seen, response: ServerResponse): void {
    const url = new URL(seen.url, this.url);
    const name = /\/configmaps\/([^/]+)$/.exec(url.pathname)?.[1];
    if (name !== undefined) {
      const object = this.objects.get(decodeURIComponent(name));
      if (object === undefined) sendStatus(response, 404, 'NotFound', `configmaps "${name}" not found`);
      else sendJson(response, 200, object);
    } else if (url.searchParams.get('watch') === 'true') this.#watch(url, response);
    else this.#list(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? Infinity);
    const [from = 0, version = this.#version] = (url.searchParams.get('continue') ?? '')
      .split('@')
      .filter(Boolean)
      .map(Number);
    if (url.searchParams.has('continue') && version < this.#oldest) {
      sendStatus(response, 410, 'Expired', 'The provided continue parameter is too old');
      return;
    }
    // Every page shows the same moment, as etcd's do: otherwise an object could slip between two of them.
    const objects = this.#snapshots.get(version) ?? [...this.objects.values()];
    // Kind and apiVersion are left out of items, as Go's typed lists do.
    const items = objects.map(({ metadata, data }) => ({ metadata, data }));
    const more = from + limit < items.length;
    if (more) this.#snapshots.set(version, objects);
    else this.#snapshots.delete(version);
    sendJson(response, 200, {
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      metadata: {
        resourceVersion: String(version),
        ...(more ? { continue: `${from + limit}@${version}` } : {}),
      },
      items: items.slice(from, from + limit),
    });
  }

  #watch(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('resourceVersion') ?? 0);
    response.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.get('sendInitialEvents') === 'true') {
      for (const object of this.objects.values())
        response.write(lineOf({ type: 'ADDED', version: 0, object }));
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      const metadata = { resourceVersion: String(this.#version), annotations };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata } })}\n`);
    } else if (from < this.#oldest) {
      const object = {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: `too old resource version: ${from}`,
      };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    } else for (const change of this.#log) if (change.version > from) response.write(lineOf(change));
    response.flushHeaders();
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }
}

function lineOf(change: Change): string {
  return `${JSON.stringify({ type: change.type, object: change.object })}\n`;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(
    response,
    code,
    { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message },
    headers,
  );
}

/** Waits for something that a socket brings about; fails instead of hanging. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 4_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
