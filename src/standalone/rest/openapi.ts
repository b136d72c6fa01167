/** OpenAPI v3 documents by group and version: what `kubectl explain` and field validation are read from. */
import { createHash } from 'node:crypto';
import { statusWritersOf, type ResourceEntry } from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { ApiResponse } from './exchange.ts';

function documentPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function schemaName({ type }: ResourceEntry): string {
  const reversed = type.group === '' ? 'io.k8s.api.core' : type.group.split('.').reverse().join('.');
  return `${reversed}.${type.version}.${type.kind}`;
}

const parameter = (name: string, description: string, type = 'string'): object => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});

const WRITE_PARAMETERS = [
  parameter('dryRun', 'All: nothing is stored.'),
  parameter('fieldManager', 'Name under which field ownership is recorded.'),
  parameter('fieldValidation', 'Ignore, Warn or Strict: what happens to unknown fields.'),
];

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

function operation(entry: ResourceEntry, action: string, parameters: object[] = []): object {
  const { group, version, kind } = entry.type;
  const reference = { $ref: `#/components/schemas/${schemaName(entry)}` };
  const content = { 'application/json': { schema: reference } };
  const patchTypes = entry.strategicMerge
    ? [...PATCH_TYPES, 'application/strategic-merge-patch+json']
    : PATCH_TYPES;
  const body =
    action === 'patch'
      ? Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: 'object' } }]))
      : action === 'post' || action === 'put'
        ? content
        : undefined;
  return {
    ...(body === undefined ? {} : { requestBody: { content: body, required: true } }),
    parameters,
    responses: { 200: { description: 'OK', content } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

function pathsOf(entry: ResourceEntry): Record<string, object> {
  const { group, version, plural, namespaced } = entry.type;
  const collection = `/${documentPath(group, version)}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
  if (entry.review !== undefined)
    return { [collection]: { post: operation(entry, 'post', WRITE_PARAMETERS) } };
  const one = {
    get: operation(entry, 'get'),
    put: operation(entry, 'put', WRITE_PARAMETERS),
    patch: operation(entry, 'patch', [
      ...WRITE_PARAMETERS,
      parameter('force', 'Takes fields over from other managers.', 'boolean'),
    ]),
    delete: operation(entry, 'delete', [parameter('dryRun', 'All: nothing is stored.')]),
  };
  return {
    [collection]: { get: operation(entry, 'list'), post: operation(entry, 'post', WRITE_PARAMETERS) },
    [`${collection}/{name}`]: one,
    ...Object.fromEntries(
      statusWritersOf(entry).map((name) => [
        `${collection}/{name}/${name}`,
        { get: one.get, put: one.put, patch: one.patch },
      ]),
    ),
  };
}

function withKind(entry: ResourceEntry): JsonSchema & { 'x-kubernetes-group-version-kind': object[] } {
  const { group, version, kind } = entry.type;
  return { ...entry.openapi, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

const INFO = { title: 'Certwright', version: 'v1.36.3' };

/** What kubectl asks /openapi/v2 for, and for nothing else. "@" is no character of media types, so the answer has a dot. */
const V2_ASKED = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Field 1, 2 ... of a protobuf message with text or a message in it, shorter than 128 bytes of ASCII. */
const piece = (field: number, content: string): string =>
  String.fromCodePoint((field << 3) | 2, content.length) + content;

/** The same document without definitions as `openapi.v2.Document` of gnostic: swagger, info and paths. */
const V2_MESSAGE = piece(1, '2.0') + piece(2, piece(1, INFO.title) + piece(2, INFO.version)) + piece(8, '');

/** Rendered documents, made when asked for and kept until the resource table changes. */
export class OpenApiDocuments {
  readonly #registry: ResourceRegistry;
  readonly #documents = new Map<string, { text: string; hash: string }>();
  #generation = -1;

  constructor(registry: ResourceRegistry) {
    this.#registry = registry;
  }

  /** `/openapi/v3` and below; undefined when there is no such document. */
  serve(segments: readonly string[], accept = ''): ApiResponse | undefined {
    if (segments[1] === 'v2' && segments.length === 2) return this.#v2(accept);
    if (segments[1] !== 'v3') return undefined;
    if (segments.length === 2) return this.#index();
    const document = this.#document(segments.slice(2).join('/'));
    if (document === undefined) return undefined;
    return {
      status: 200,
      headers: { 'content-type': 'application/json', etag: `"${document.hash}"`, vary: 'Accept' },
      body: document.text,
    };
  }

  #index(): ApiResponse {
    const paths: Record<string, object> = {};
    for (const [entry] of this.#registry.byGroupVersion().values()) {
      const path = documentPath(entry!.type.group, entry!.type.version);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#document(path)!.hash}` };
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ paths }) };
  }

  /**
   * Clients of today read v3; this says that there is nothing more to learn here. kubectl looks here for kinds that it did
   * not find there, reads protobuf only, and says that a kind is unknown only after it could read something.
   */
  #v2(accept: string): ApiResponse {
    const [first = ''] = accept.slice(0, 8192).split(/[,;]/, 1);
    const protobuf = [V2_ASKED, V2_PROTOBUF].includes(first.trim());
    return {
      status: 200,
      headers: { 'content-type': protobuf ? V2_PROTOBUF : 'application/json', vary: 'Accept' },
      body: protobuf
        ? V2_MESSAGE
        : JSON.stringify({ swagger: '2.0', info: INFO, paths: {}, definitions: {} }),
    };
  }

  #document(path: string): { text: string; hash: string } | undefined {
    if (this.#generation !== this.#registry.generation) {
      this.#documents.clear();
      this.#generation = this.#registry.generation;
    }
    const known = this.#documents.get(path);
    if (known !== undefined) return known;
    const entries = [...this.#registry.byGroupVersion().values()].find(
      ([entry]) => documentPath(entry!.type.group, entry!.type.version) === path,
    );
    if (entries === undefined) return undefined;
    const text = JSON.stringify({
      openapi: '3.0.0',
      info: INFO,
      paths: Object.assign({}, ...entries.map(pathsOf)) as object,
      components: {
        schemas: Object.fromEntries(entries.map((entry) => [schemaName(entry), withKind(entry)])),
      },
    });
    const document = { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
    this.#documents.set(path, document);
    return document;
  }
}
