/** An ACME server for tests, in this process: checks signatures, urls and nonces, and answers what a test tells it to. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { flattenedVerify, importJWK, type FlattenedJWSInput, type JWK } from 'jose';

export interface SignedRequest {
  path: string;
  /** Of the JWS. */
  header: { alg: string; nonce: string; url: string; kid?: string; jwk?: JWK };
  /** Undefined: POST-as-GET. */
  payload: unknown;
  http: IncomingMessage;
}

export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string | string[]>;
  /** An object becomes JSON. */
  body?: unknown;
}

type Handler = (request: SignedRequest) => FakeAnswer | Promise<FakeAnswer>;

export class FakeCa {
  readonly url: string;
  /** Everything that came, as `METHOD path`. */
  readonly log: string[] = [];
  readonly signed: SignedRequest[] = [];
  readonly userAgents = new Set<string>();
  /** Added to, or replacing, the fields of the directory. */
  directory: Record<string, unknown> = {};
  /** Takes the place of any answer, signed or not; undefined goes on as usual. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Refuses so many good nonces. */
  refuseNonces = 0;
  readonly accountPath = '/account/1';
  readonly #server;
  readonly #handlers = new Map<string, Handler>();
  readonly #nonces = new Set<string>();
  #serial = 0;
  #jwk: JWK | undefined;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => void this.#serve(request, response));
    this.on('/new-account', ({ header }) => {
      this.#jwk = header.jwk;
      return {
        status: 201,
        headers: { location: `${this.url}${this.accountPath}` },
        body: { status: 'valid', contact: ['mailto:a@example.com'] },
      };
    });
  }

  static async start(): Promise<FakeCa> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeCa(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get directoryUrl(): string {
    return `${this.url}/dir`;
  }
  /** An account that exists already. */
  know(jwk: JWK): void {
    this.#jwk = jwk;
  }
  on(path: string, handler: Handler | FakeAnswer): void {
    this.#handlers.set(path, typeof handler === 'function' ? handler : () => handler);
  }
  count(line: string): number {
    return this.log.filter((entry) => entry === line).length;
  }
  forgetNonces(): void {
    this.#nonces.clear();
  }

  nonce(): string {
    this.#serial += 1;
    const nonce = `nonce-${this.#serial}`;
    this.#nonces.add(nonce);
    return nonce;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.log.push(`${request.method} ${path}`);
    this.userAgents.add(request.headers['user-agent'] ?? '');
    if (this.intercept?.(request, response) === true) return;
    try {
      this.#answer(response, await this.#route(request, path));
    } catch (error) {
      this.#answer(response, { status: 500, body: { type: 'urn:test:broken', detail: String(error) } });
    }
  }

  async #route(request: IncomingMessage, path: string): Promise<FakeAnswer> {
    if (request.method === 'HEAD') return path === '/new-nonce' ? {} : { status: 404 };
    if (request.method === 'POST') return await this.#signed(request, path);
    const handler = this.#handlers.get(`GET ${path}`);
    if (handler !== undefined)
      return await handler({
        path,
        header: { alg: '', nonce: '', url: '' },
        payload: undefined,
        http: request,
      });
    return path === '/dir' ? { body: this.#directoryBody() } : { status: 404, body: {} };
  }

  #directoryBody(): Record<string, unknown> {
    const at = (name: string): string => `${this.url}/${name}`;
    return {
      newNonce: at('new-nonce'),
      newAccount: at('new-account'),
      newOrder: at('new-order'),
      revokeCert: at('revoke-cert'),
      keyChange: at('key-change'),
      ...this.directory,
    };
  }

  async #signed(request: IncomingMessage, path: string): Promise<FakeAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    assert.equal(request.headers['content-type'], 'application/jose+json');
    const jws = JSON.parse(Buffer.concat(chunks).toString()) as FlattenedJWSInput;
    assert.deepEqual(Object.keys(jws).toSorted(), ['payload', 'protected', 'signature']);
    const header = JSON.parse(
      Buffer.from(jws.protected ?? '', 'base64url').toString(),
    ) as SignedRequest['header'];
    assert.equal(header.url, `${this.url}${path}`);
    const isKnown = this.#nonces.delete(header.nonce);
    if (!isKnown || this.refuseNonces > 0) {
      if (isKnown) this.refuseNonces -= 1;
      return problem(400, 'badNonce', 'not this one');
    }
    assert.notEqual(header.kid === undefined, header.jwk === undefined, 'either kid or jwk');
    if (header.kid !== undefined) assert.equal(header.kid, `${this.url}${this.accountPath}`);
    const jwk = header.jwk ?? this.#jwk;
    assert.ok(jwk !== undefined, 'no such account');
    await flattenedVerify(jws, await importJWK(jwk, header.alg));
    const text = Buffer.from(String(jws.payload), 'base64url').toString();
    const signed = {
      path,
      header,
      payload: text === '' ? undefined : (JSON.parse(text) as unknown),
      http: request,
    };
    this.signed.push(signed);
    const handler = this.#handlers.get(path);
    return handler === undefined ? problem(404, 'malformed', `nothing at ${path}`) : await handler(signed);
  }

  #answer(response: ServerResponse, answer: FakeAnswer): void {
    const isJson = typeof answer.body !== 'string';
    response.writeHead(answer.status ?? 200, {
      'replay-nonce': this.nonce(),
      'content-type': isJson ? 'application/json' : 'application/pem-certificate-chain',
      ...answer.headers,
    });
    response.end(isJson ? JSON.stringify(answer.body ?? {}) : answer.body);
  }
}

export function problem(status: number, type: string, detail: string, headers = {}): FakeAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: { type: `urn:ietf:params:acme:error:${type}`, detail, status },
  };
}
