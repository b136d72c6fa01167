/** Reads multi-document YAML (and JSON, which is YAML) into objects that remember their line and column. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  Composer,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { isNestedDeeper } from '../../standalone/rest/yaml-nesting.ts';
import type { Manifest, ManifestError, Position } from './manifest.ts';
import { fieldPathOf, type PathElement } from './field-path.ts';

export interface ParsedFile {
  manifests: Manifest[];
  errors: ManifestError[];
}

/** Aliases may not blow a small file up into a large object ("billion laughs"). */
const maxAliasCount = 100;
const maxDocuments = 20_000;
const maxNesting = 100;

/**
 * One document at a time, and without keeping any: a folder for ten thousand certificates would otherwise hold a syntax
 * tree for each. Positions are asked for only when something is wrong, and then the file is read once more.
 */
export function parseManifests(file: string, text: string): ParsedFile {
  const result: ParsedFile = { manifests: [], errors: [] };
  const lines = new LineCounter();
  let index = 0;
  if (isNestedDeeper(text, maxNesting)) {
    const message = `not valid YAML: nested deeper than ${maxNesting} levels`;
    return { manifests: [], errors: [{ at: { file, line: 1, column: 1 }, message }] };
  }
  for (const document of documentsOf(text, lines)) {
    const position = positionIn(file, lines);
    if (index >= maxDocuments) {
      const message = `more than ${maxDocuments} documents in one file: split it`;
      result.errors.push({ at: position(document.range[0]), message });
      break;
    }
    const [begin, , end] = document.range;
    const fault = document.errors[0];
    const strange = fault?.pos[0] ?? collectionAsKey(document);
    if (strange !== undefined) {
      const template = templateMark.exec(text.slice(begin, end));
      // What follows from the first fault helps nobody; a template is full of them.
      const message = template === null ? faultText(fault?.message) : templateText;
      const at = template === null ? strange : begin + template.index;
      result.errors.push({ at: position(at), message });
      if (template !== null) break;
      index += 1;
      continue;
    }
    const twice = keyTwice(document);
    if (twice !== undefined) {
      const message = `not valid YAML: the key ${JSON.stringify(twice.name)} occurs twice in one mapping`;
      result.errors.push({ at: position(twice.offset), message });
    } else readDocument(document, { file, text, index }, position, result);
    index += 1;
  }
  return result;
}

/** What Helm's templates are made of, where YAML has no quotes around it. */
const templateMark =
  /\{\{-?\s*(?:if|else|end|range|with|define|template|include|block|toYaml|\$|\/\*|\.[A-Za-z])/;
const templateText =
  'looks like a Helm template, not like a manifest: render it first (helm template), and put the result here';

function faultText(message: string | undefined): string {
  if (message === undefined) return 'not valid here: a mapping or a list as a key; quote it if it is text';
  const quote = /^Missing closing (["'])quote/.exec(message)?.[1];
  return `not valid YAML: ${quote === undefined ? firstLine(message) : `the closing ${quote} is missing`}`;
}

/** Kubernetes has no such keys; `{{ x }}` without quotes reads as one. */
function collectionAsKey(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (!isMap(key) && !isSeq(key)) return undefined;
      found = offsetOf(key);
      return visit.BREAK;
    },
  });
  return found;
}

/** Where a document is found again. */
interface Source {
  file: string;
  text: string;
  index: number;
}

type Locate = (offset: number) => Position;

function documentsOf(text: string, lines: LineCounter): Iterable<Document.Parsed> {
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, strict: true });
  return composer.compose(new Parser(lines.addNewLine).parse(text));
}

/** The reader's own check compares every key with every other one, which is too slow for large mappings. */
function keyTwice(document: Document.Parsed): { name: string; offset: number } | undefined {
  let found: { name: string; offset: number } | undefined;
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name) && name !== '<<') {
          found = { name, offset: offsetOf(key) };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function positionIn(file: string, lines: LineCounter): Locate {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

/** In a function of its own: a closure made beside the syntax tree would keep the tree. */
function locator(source: Source, prefix: readonly PathElement[]): (fieldPath: string) => Position {
  return (fieldPath) => locateAgain(source, [...prefix, ...fieldPathOf(fieldPath)], prefix.length);
}

/** Reads the file again up to the document, for the position of one field. */
function locateAgain({ file, text, index }: Source, path: readonly PathElement[], minimum: number): Position {
  const lines = new LineCounter();
  let at = 0;
  for (const document of documentsOf(text, lines)) {
    if (at === index) return positionIn(file, lines)(offsetAt(document, path, minimum));
    at += 1;
  }
  return { file, line: 1, column: 1 };
}

function readDocument(document: Document.Parsed, source: Source, position: Locate, result: ParsedFile): void {
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
      addObject(item, document, ['items', index], source, position, result);
    }
    return;
  }
  addObject(value, document, [], source, position, result);
}

function addObject(
  value: unknown,
  document: Document.Parsed,
  prefix: readonly PathElement[],
  source: Source,
  position: Locate,
  result: ParsedFile,
): void {
  const at = position(offsetAt(document, prefix, prefix.length));
  const locate = locator(source, prefix);
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
