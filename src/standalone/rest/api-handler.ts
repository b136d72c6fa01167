/** From a request to an answer: the whole REST surface of the server. */
import { messageOf } from '../../api/message-of.ts';
import type { Admission, Authorize } from '../../api/admission.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import type { ServerLog } from '../server-log.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { ClosedError, StorageError } from '../errors.ts';
import { PatchError } from '../patch/patch-error.ts';
import { ApiError, internal, noSuchPath } from './api-error.ts';
import { discover } from './discovery.ts';
import type { ApiRequest, ApiResponse } from './exchange.ts';
import { ObjectDeleter } from './object-deleter.ts';
import { ObjectWriter } from './object-writer.ts';
import { OpenApiDocuments } from './openapi.ts';
import { serveResource, type ResourceDeps } from './resource-requests.ts';
import { parseResourcePath, segmentsOf } from './route.ts';
import type { WatchHub } from './watch-hub.ts';
import { spaceRefusal } from './namespace-gate.ts';

export interface HandlerOptions {
  store: ObjectStore;
  registry: ResourceRegistry;
  hub: WatchHub;
  admission: Admission | undefined;
  authorize: Authorize | undefined;
  now: () => number;
  random: (size: number) => Uint8Array;
  log: ServerLog | undefined;
}

/** What we claim to be: the Kubernetes release whose API behaviour this server follows. */
export const SERVER_VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.3+certwright' } as const;

export class ApiHandler {
  readonly #options: HandlerOptions;
  readonly #openapi: OpenApiDocuments;
  readonly #deps: ResourceDeps;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#openapi = new OpenApiDocuments(options.registry);
    const { store, admission, now, random } = options;
    const checkNamespace = spaceRefusal(store);
    this.#deps = {
      ...options,
      writer: new ObjectWriter({ store, admission, now, random, checkNamespace }),
      deleter: new ObjectDeleter({ store, admission, now }),
    };
  }

  /** For work of the server's own that has to follow the rules of a request. */
  get writer(): ObjectWriter {
    return this.#deps.writer;
  }

  get deleter(): ObjectDeleter {
    return this.#deps.deleter;
  }

  /** Never rejects: failures become Status answers. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    const warnings: string[] = [];
    try {
      const response = await this.#route(request, warnings);
      addWarnings(response, warnings);
      return response;
    } catch (error) {
      const refusal = this.#refusal(error, request);
      const response: ApiResponse = {
        status: refusal.httpCode,
        headers: { 'content-type': 'application/json', ...retryAfter(refusal) },
        body: `${JSON.stringify(refusal.status)}\n`,
      };
      addWarnings(response, warnings);
      return response;
    }
  }

  async #route(request: ApiRequest, warnings: string[]): Promise<ApiResponse> {
    const segments = segmentsOf(request.path);
    const [root] = segments;
    if (root === 'api' || root === 'apis') {
      const path = parseResourcePath(segments);
      if (path !== undefined) return serveResource(this.#deps, path, request, warnings);
      const found = discover(this.#options.registry, segments, request);
      if (found !== undefined) return found;
      throw noSuchPath();
    }
    if (root === 'openapi') {
      const found = this.#openapi.serve(segments, request.headers['accept']);
      if (found !== undefined) return found;
      throw noSuchPath();
    }
    if (segments.length === 1 && root === 'version')
      return json({
        ...SERVER_VERSION,
        gitCommit: '',
        gitTreeState: '',
        buildDate: '',
        goVersion: '',
        compiler: '',
        platform: `${process.platform}/${process.arch}`,
      });
    if (segments.length === 1 && (root === 'healthz' || root === 'livez' || root === 'readyz')) {
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
    }
    if (segments.length === 0)
      return json({ paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] });
    throw noSuchPath();
  }

  #refusal(error: unknown, request: ApiRequest): ApiError {
    if (error instanceof ApiError) return error;
    if (error instanceof PatchError) {
      const reason =
        { 400: 'BadRequest', 413: 'RequestEntityTooLarge', 422: 'Invalid' }[error.status] ?? 'BadRequest';
      return new ApiError(error.status, reason, error.message);
    }
    if (error instanceof StorageError || error instanceof ClosedError) {
      this.#options.log?.error({ err: error, path: request.path }, 'a request failed in storage');
      return new ApiError(503, 'ServiceUnavailable', error.message, { retryAfterSeconds: 1 });
    }
    this.#options.log?.error(
      { err: error, method: request.method, path: request.path },
      'a request failed unexpectedly',
    );
    return internal(messageOf(error));
  }
}

/** RFC 9110 §10.2.3. Kubernetes clients try again by this header, not by the body. */
function retryAfter({ status }: ApiError): Record<string, string> {
  const seconds = status.details?.retryAfterSeconds;
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}

function json(value: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(value, null, 2)}\n`,
  };
}

/** RFC 7234 §5.5 warnings, as kubectl prints them. Bounded: headers are not a place for books. */
function addWarnings(response: ApiResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  response.headers['warning'] = warnings.slice(0, 32).map((text) => {
    const quoted = text
      .slice(0, 1024)
      .replaceAll(/[^\u0020-\u007e]/g, '?')
      .replaceAll(/["\\]/g, (character) => `\\${character}`);
    return `299 - "${quoted}"`;
  });
}
