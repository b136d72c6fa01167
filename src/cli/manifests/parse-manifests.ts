/** Reads multi-document YAML (and JSON, which is YAML) into objects that remember their line and column. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
} from 'yaml';
import type { Manifest, ManifestError, Position } from './manifest.ts';
import { fieldPathOf, type PathElement } from './field-path.ts';

export interface ParsedFile {
  manifests: Manifest[];
  errors: ManifestError[];
}

/** Aliases may not blow a small file up into a large object ("billion laughs"). */
const maxAliasCount = 100;
const maxDocuments = 20_000;

export function parseManifests(file: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
  });
  const result: ParsedFile = { manifests: [], errors: [] };
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (!Array.isArray(documents)) return result;
  for (const [index, document] of documents.entries()) {
    if (index >= maxDocuments) {
      result.errors.push({
        at: position(document.range[0]),
        message: `more than ${maxDocuments} documents in one file: split it`,
      });
      break;
    }
    for (const error of document.errors) {
      result.errors.push({
        at: position(error.pos[0]),
        message: `not valid YAML: ${firstLine(error.message)}`,
      });
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    readDocument(document, position, result);
  }
  return result;
}

function readDocument(
  document: Document.Parsed,
  position: (offset: number) => Position,
  result: ParsedFile,
): void {
  const root: Node | null = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return;
  const start = position(offsetOf(root));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount });
  } catch (error) {
    const message = error instanceof Error ? firstLine(error.message) : 'the document cannot be read';
    result.errors.push({ at: start, message });
    return;
  }
  if (
    isRecord(value) &&
    typeof value['kind'] === 'string' &&
    value['kind'].endsWith('List') &&
    Array.isArray(value['items'])
  ) {
    for (const [index, item] of value['items'].entries()) {
      addObject(item, document, ['items', index], position, result);
    }
    return;
  }
  addObject(value, document, [], position, result);
}

function addObject(
  value: unknown,
  document: Document.Parsed,
  prefix: readonly PathElement[],
  position: (offset: number) => Position,
  result: ParsedFile,
): void {
  const locate = (fieldPath: string): Position => {
    return position(offsetAt(document, [...prefix, ...fieldPathOf(fieldPath)], prefix.length));
  };
  const at = locate('');
  const refuse = (field: string, message: string): void => {
    result.errors.push({ at: locate(field), field, message });
  };
  if (!isRecord(value)) {
    result.errors.push({ at, message: 'a manifest is a mapping with apiVersion, kind and metadata' });
    return;
  }
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return refuse('apiVersion', 'must be set, for example cert-manager.io/v1');
  if (typeof kind !== 'string' || kind === '') return refuse('kind', 'must be set, for example Certificate');
  if (!isRecord(metadata)) return refuse('metadata', 'must be set and hold at least a name');
  const { name, namespace } = metadata;
  if (typeof name !== 'string' || name === '')
    return refuse('metadata.name', 'must be set: a folder is applied by name');
  if (namespace !== undefined && typeof namespace !== 'string')
    return refuse('metadata.namespace', 'must be a string');
  result.manifests.push({
    object: { ...value, apiVersion, kind, metadata: { ...metadata, name } },
    at,
    locate,
  });
}

/** The offset of the deepest node along `path` that exists; at least `minimum` elements are expected to. */
function offsetAt(document: Document.Parsed, path: readonly PathElement[], minimum: number): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? offsetOf(node) : 0;
  for (const [depth, element] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(element),
      );
      if (pair === undefined) break;
      // The key is where a person looks, except for the objects of a List.
      if (isNode(pair.key)) offset = offsetOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof element === 'number') {
      const item: unknown = node.items[element];
      if (item === undefined) break;
      node = item;
      if (isNode(item)) offset = offsetOf(item);
    } else if (depth >= minimum) {
      break;
    }
  }
  return offset;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
