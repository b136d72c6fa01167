/**
 * A webhook solver of the kind that cert-manager's webhook-example is, for tests: HTTPS, discovery, and the server side of
 * the protocol (acme.md §12) as its library does it, with a table of TXT records instead of a DNS provider.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';

export interface ExtensionOptions {
  group: string;
  solver: string;
  /** PEM. */
  certificate: string;
  key: string;
  /** Errors of the solver, as its code would return them: undefined is success. */
  fails?: (request: Record<string, unknown>) => string | undefined;
  /** Instead of what the library answers. */
  answer?: { status: number; body: string };
}

export interface ExtensionServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** `fqdn value`. */
  readonly records: Set<string>;
  readonly seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[];
  options: ExtensionOptions;
}

const payload = { kind: 'ChallengePayload', apiVersion: 'webhook.acme.cert-manager.io/v1alpha1' };

export async function startExtensionServer(options: ExtensionOptions): Promise<ExtensionServer> {
  const records = new Set<string>();
  const seen: ExtensionServer['seen'] = [];
  const server = createServer({ cert: options.certificate, key: options.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      seen.push({ method: request.method ?? '', path, headers: request.headers, body });
      const [status, answer] = answerTo(extension.options, records, request.method ?? '', path, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const extension: ExtensionServer = {
    url: `https://127.0.0.1:${port}`,
    port,
    records,
    seen,
    options,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return extension;
}

function answerTo(
  options: ExtensionOptions,
  records: Set<string>,
  method: string,
  path: string,
  body: string,
): [number, string] {
  const { group, solver, fails, answer } = options;
  const failure = (code: number, reason: string, message: string): [number, string] => [
    code,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }),
  ];
  if (path === '/healthz') return [200, 'ok'];
  if (method === 'GET' && path === `/apis/${group}/v1alpha1`)
    return [
      200,
      JSON.stringify({
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: `${group}/v1alpha1`,
        resources: [
          {
            name: solver,
            singularName: 'ChallengePayload',
            namespaced: false,
            kind: 'ChallengePayload',
            verbs: ['create'],
          },
        ],
      }),
    ];
  if (method !== 'POST' || path !== `/apis/${group}/v1alpha1/${solver}`)
    return failure(404, 'NotFound', 'the server could not find the requested resource');
  if (answer !== undefined) return [answer.status, answer.body];
  const sent = JSON.parse(body) as { apiVersion?: string; kind?: string; request?: Record<string, unknown> };
  // Absent: filled in. Present: only its own group, never that of the solver.
  if (
    (sent.apiVersion ?? payload.apiVersion) !== payload.apiVersion ||
    (sent.kind ?? payload.kind) !== payload.kind
  )
    return failure(
      400,
      'BadRequest',
      `no kind "${sent.kind}" is registered for version "${sent.apiVersion}"`,
    );
  if (sent.request === undefined)
    return failure(500, 'InternalError', 'payload request field cannot be empty');
  const { action, uid, resolvedFQDN, key } = sent.request;
  let error = fails?.(sent.request);
  const record = `${String(resolvedFQDN)} ${String(key)}`;
  if (action === 'Present') records.add(record);
  else if (action === 'CleanUp') records.delete(record);
  else error = `unknown action type "${String(action)}"`;
  const response =
    error === undefined
      ? { uid, success: true }
      : {
          uid,
          success: false,
          status: { status: 'Failure', message: error, reason: 'InternalError', code: 500 },
        };
  return [201, JSON.stringify({ ...payload, request: sent.request, response })];
}
