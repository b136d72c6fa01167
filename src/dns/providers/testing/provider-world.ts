/** A server on this machine that stands for the API of a DNS provider, and the environment that reaches nothing but it. */

import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ProviderEnvironment, ProviderHttp } from '../../provider.ts';
import { DnsProviderError } from '../errors.ts';

/** A request as it came over the wire. `url` has the scheme and host that the client meant. */
export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are written as JSON. */
  readonly body?: unknown;
  /** Cuts the connection instead of answering. */
  readonly cut?: boolean;
}

export type Answers = (request: RawRequest) => RawAnswer | Promise<RawAnswer>;

export interface WorldOptions {
  /** `Secret/entry` to text. */
  secrets?: Readonly<Record<string, string>>;
  ambient?: boolean;
  environment?: Readonly<Record<string, string>>;
  programs?: Readonly<Record<string, readonly string[]>>;
  /** Tokens of ServiceAccounts by name. */
  tokens?: Readonly<Record<string, string>>;
}

/** Where the tests' clock starts: 22 November 2026. */
const START = Date.UTC(2026, 10, 22, 7, 0, 0);

export class ProviderWorld implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  /** What providers waited for, in milliseconds. The clock went on by as much. */
  readonly waits: number[] = [];
  readonly environment: ProviderEnvironment;
  /** Asked for each request before the server itself: an answer from here goes out instead. */
  fault: ((request: RawRequest, index: number) => RawAnswer | undefined) | undefined;
  /** Changes what the server says before it goes out, as later versions of an API do. */
  dress: (answer: RawAnswer) => RawAnswer = (answer) => answer;
  #now = START;
  readonly #server;

  static async start(answers: Answers, options: WorldOptions = {}): Promise<ProviderWorld> {
    const world = new ProviderWorld(answers, options);
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve));
    return world;
  }

  private constructor(answers: Answers, options: WorldOptions) {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on(
        'end',
        () => void this.#answer(incoming, Buffer.concat(chunks).toString(), outgoing, answers),
      );
    });
    this.environment = {
      secret: async ({ name, key }) => {
        const text = options.secrets?.[`${name}/${key}`];
        if (text === undefined)
          throw new DnsProviderError('dns-provider/credentials', `there is no Secret ${name} with ${key}`);
        return text;
      },
      serviceAccountToken: async (name, audiences, seconds) => {
        const token = options.tokens?.[name];
        if (token === undefined)
          throw new DnsProviderError('dns-provider/credentials', `there is no ServiceAccount ${name}`);
        return `${token}.${audiences.join('+')}.${seconds}`;
      },
      ambient: options.ambient ?? false,
      environment: options.environment ?? {},
      zoneOf: async (fqdn) => fqdn.split('.').slice(-3).join('.'),
      http: this.#http(),
      now: () => this.#now,
      wait: async (ms, signal) => {
        signal?.throwIfAborted();
        this.waits.push(ms);
        this.#now += ms;
      },
      programs: options.programs ?? {},
    };
  }

  /** Lets the clock go on. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** `POST api.example.com/path?query`, for comparing in one look. */
  get lines(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url.host}${url.pathname}${url.search}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(
    incoming: IncomingMessage,
    body: string,
    outgoing: ServerResponse,
    answers: Answers,
  ): Promise<void> {
    const request: RawRequest = {
      method: incoming.method ?? '',
      url: new URL(`${String(incoming.headers['x-test-scheme'])}://${incoming.headers.host}${incoming.url}`),
      headers: incoming.headers,
      body,
    };
    this.requests.push(request);
    let answer: RawAnswer;
    try {
      answer = this.fault?.(request, this.requests.length - 1) ?? this.dress(await answers(request));
    } catch (error) {
      // A request that the provider would not take: its assertion becomes the answer, so that the test shows it.
      answer = { status: 418, body: { message: error instanceof Error ? error.message : String(error) } };
    }
    if (answer.cut) {
      outgoing.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? '');
    outgoing.writeHead(answer.status, answer.headers).end(answer.body === undefined ? '' : text);
  }

  /** Whatever the host of the URL, the request goes to our server; `Host` says where it was meant for. */
  #http(): ProviderHttp {
    return {
      request: ({ method, url, headers, body, signal }) =>
        new Promise((resolve, reject) => {
          const target = new URL(url);
          const outgoing = httpRequest({
            host: '127.0.0.1',
            port: (this.#server.address() as AddressInfo).port,
            method,
            path: target.pathname + target.search,
            // `host` of the caller is the same by contract; two of them would be refused.
            headers: { ...headers, host: target.host, 'x-test-scheme': target.protocol.slice(0, -1) },
            agent: false,
            ...(signal && { signal }),
          });
          outgoing.on('error', reject);
          outgoing.on('response', (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
            incoming.on('error', reject);
            incoming.on('end', () =>
              resolve({
                status: incoming.statusCode ?? 0,
                headers: Object.fromEntries(
                  Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
                ),
                body: Buffer.concat(chunks).toString(),
              }),
            );
          });
          outgoing.end(body);
        }),
    };
  }
}
