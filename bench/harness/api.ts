/** Talks to an API server as kubectl would: TLS, one pool, JSON, and a watch that is followed until something is seen. */
import { createInterface } from 'node:readline';
import { Agent } from 'undici';

/** As much of a watched object as the scenarios look at. */
export interface WatchedObject {
  metadata: { name: string; resourceVersion: string };
  status?: { revision?: number; conditions?: { type: string; status: string }[] };
}

export interface Answer {
  status: number;
  body: unknown;
}

export interface ApiTarget {
  server: string;
  /** PEM. */
  ca: string;
  /** Either a bearer token, or a client certificate with its key (PEM). */
  token?: string;
  cert?: string;
  key?: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** More often than this in one wait it is no accident. */
const mostWatches = 20;

export class Api {
  readonly #dispatcher: Agent;
  readonly #server: string;
  readonly #headers: Record<string, string>;

  constructor({ server, ca, token, cert, key }: ApiTarget, connections = 32) {
    this.#server = server;
    this.#headers = {
      'user-agent': 'certwright-bench',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const identity = cert === undefined || key === undefined ? {} : { cert, key };
    this.#dispatcher = new Agent({ allowH2: false, connections, connect: { ca, ...identity } });
  }

  async request(method: Method, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    const answer = await this.#dispatcher.request({
      origin: this.#server,
      path,
      method,
      headers: { ...this.#headers, 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** Like request, but any answer that is not a success is an error that shows what the server said. */
  async must(...call: Parameters<Api['request']>): Promise<unknown> {
    const answer = await this.request(...call);
    if (answer.status >= 300)
      throw new Error(`${call[0]} ${call[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /**
   * Follows a collection from a resourceVersion until `done` says so; calls it with every object seen. A server under load
   * ends the watch of a reader that is too slow: then it goes on where it was.
   */
  async follow(
    path: string,
    resourceVersion: string,
    done: (object: WatchedObject) => boolean,
  ): Promise<void> {
    let position = resourceVersion;
    for (let watches = 0; watches < mostWatches; watches++) {
      const answer = await this.#dispatcher.request({
        origin: this.#server,
        path: `${path}?watch=1&resourceVersion=${position}`,
        method: 'GET',
        headers: this.#headers,
        // Nothing for a minute: what is waited for will not come.
        bodyTimeout: 60_000,
      });
      const lines = createInterface({ input: answer.body, crlfDelay: Infinity });
      try {
        for await (const line of lines) {
          const event = JSON.parse(line) as { type: string; object: WatchedObject };
          if (event.type === 'ERROR') throw new Error(`watch of ${path}: ${line}`);
          position = event.object.metadata.resourceVersion;
          if (done(event.object)) return;
        }
      } finally {
        lines.close();
        answer.body.destroy();
      }
    }
    throw new Error(`the watch of ${path} ended ${mostWatches} times`);
  }

  /** Number of objects of a collection, from one item and the server's own count of the rest. */
  async count(path: string): Promise<number> {
    const list = (await this.must('GET', `${path}?limit=1`)) as {
      items: unknown[];
      metadata: { remainingItemCount?: number };
    };
    return list.items.length + (list.metadata.remainingItemCount ?? 0);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}
