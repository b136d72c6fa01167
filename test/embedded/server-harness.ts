/** A server in memory and short ways to ask it things, for the suites of this folder. */
import { request, type Dispatcher } from 'undici';
import type { KubeObject } from '../../src/api/meta.ts';
import { createServer, type EmbeddedServer, type ServerOptions } from '../../src/standalone/server.ts';

export type Json = Record<string, unknown> & KubeObject;

export interface Answer {
  code: number;
  body: Json;
  headers: Record<string, string | string[] | undefined>;
}

export interface Asking {
  server: EmbeddedServer;
  ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  close: () => Promise<void>;
}

export const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';

/** A definition that uses what definitions can have. */
export const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: ['v1', 'v1beta1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      subresources: { status: {} },
      selectableFields: [{ jsonPath: '.spec.color' }],
      additionalPrinterColumns: [
        { name: 'Color', type: 'string', jsonPath: '.spec.color' },
        { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      ],
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              required: ['color'],
              properties: {
                color: { type: 'string', description: 'How it looks.' },
                size: { type: 'integer', default: 3, maximum: 10 },
                parts: {
                  type: 'array',
                  'x-kubernetes-list-type': 'map',
                  'x-kubernetes-list-map-keys': ['name'],
                  items: {
                    type: 'object',
                    required: ['name'],
                    properties: { name: { type: 'string' }, count: { type: 'integer' } },
                  },
                },
              },
            },
            status: {
              type: 'object',
              properties: {
                conditions: {
                  type: 'array',
                  items: {
                    type: 'object',
                    properties: { type: { type: 'string' }, status: { type: 'string' } },
                  },
                },
              },
            },
          },
        },
      },
    })),
  },
};

export function widget(name: string, spec: object = { color: 'red' }, metadata: object = {}): object {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, ...metadata }, spec };
}

export async function startServer(options: Partial<ServerOptions> = {}): Promise<Asking> {
  const server = await createServer({ dataDir: ':memory:', crds: [widgetDefinition], ...options });
  return { server, ask: asker(server.dispatcher()), close: () => server.close() };
}

export function asker(dispatcher: Dispatcher, origin = 'http://in-process', token?: string): Asking['ask'] {
  return async (method, path, body, headers = {}) => {
    const response = await request(origin + path, {
      dispatcher,
      method: method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    return {
      code: response.statusCode,
      body: text.startsWith('{') ? (JSON.parse(text) as Json) : {},
      headers: response.headers,
    };
  };
}

export interface WatchEvent {
  type: string;
  object: Json;
}

/** Reads a watch line by line until `count` events came or it ended. */
export async function watchEvents(
  dispatcher: Dispatcher,
  path: string,
  count: number,
  whenOpen?: () => unknown,
  headers: Record<string, string> = {},
  origin = 'http://in-process',
): Promise<WatchEvent[]> {
  const response = await request(origin + path, { dispatcher, method: 'GET', headers });
  const events: WatchEvent[] = [];
  let rest = '';
  const opened = whenOpen?.();
  for await (const chunk of response.body) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as WatchEvent);
    if (events.length >= count) break;
  }
  await opened;
  return events;
}
