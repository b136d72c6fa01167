/** JSON Patch (RFC 6902) over JSON Pointers (RFC 6901). */
import { canonicalJson, cloneJson, jsonEqual, setKey } from '../schema/canonical.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { PatchError } from './patch-error.ts';

/** Kubernetes' own bounds. */
const mostOperations = 10_000;
/** `copy` can double a document with every operation; together the copies may hold this many characters. */
const mostCopied = 3 * 1024 * 1024;
const longestPointer = 10_000;

function malformed(problem: string): PatchError {
  return new PatchError('ERR_PATCH_MALFORMED', problem);
}

function failed(problem: string): PatchError {
  return new PatchError('ERR_PATCH_FAILED', problem);
}

/** RFC 6901 section 4. */
export function parsePointer(pointer: unknown): string[] {
  if (typeof pointer !== 'string' || pointer.length > longestPointer)
    throw malformed('a JSON Pointer must be a string');
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw malformed(`${JSON.stringify(pointer)} is no JSON Pointer`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(token: string, most: number): number {
  const index = /^(?:0|[1-9]\d{0,9})$/.test(token) ? Number(token) : -1;
  if (index < 0 || index > most) throw failed(`the list has no index ${JSON.stringify(token)}`);
  return index;
}

function child(parent: unknown, token: string): unknown {
  if (Array.isArray(parent)) return parent[indexOf(token, parent.length - 1)] as unknown;
  if (isJsonObject(parent) && Object.hasOwn(parent, token)) return parent[token];
  throw failed(`the object has no ${JSON.stringify(token)}`);
}

/** The document as the operations change it; `#root` is a copy that belongs to us. */
class Document {
  #root: unknown;
  #copied = 0;

  constructor(target: unknown) {
    this.#root = cloneJson(target);
  }

  get root(): unknown {
    return this.#root;
  }

  read(path: readonly string[]): unknown {
    return path.reduce(child, this.#root);
  }

  add(path: readonly string[], value: unknown): void {
    const last = path.at(-1);
    if (last === undefined) {
      this.#root = value;
      return;
    }
    const parent = this.read(path.slice(0, -1));
    if (Array.isArray(parent))
      parent.splice(last === '-' ? parent.length : indexOf(last, parent.length), 0, value);
    else if (isJsonObject(parent)) setKey(parent, last, value);
    else throw failed(`nothing can be added below ${JSON.stringify(`/${path.slice(0, -1).join('/')}`)}`);
  }

  remove(path: readonly string[]): unknown {
    const last = path.at(-1);
    if (last === undefined) throw failed('the whole document cannot be removed');
    const parent = this.read(path.slice(0, -1));
    const value = child(parent, last);
    if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
    else delete (parent as { [key: string]: unknown })[last];
    return value;
  }

  replace(path: readonly string[], value: unknown): void {
    if (path.length > 0) this.remove(path);
    this.add(path, value);
  }

  copy(from: readonly string[], path: readonly string[]): void {
    const value = this.read(from);
    this.#copied += canonicalJson(value).length;
    if (this.#copied > mostCopied) {
      throw new PatchError('ERR_PATCH_TOO_LARGE', 'the copy operations of the patch copy too much');
    }
    this.add(path, cloneJson(value));
  }

  move(from: readonly string[], path: readonly string[]): void {
    if (from.length < path.length && from.every((token, i) => token === path[i])) {
      throw failed('a value cannot be moved into itself');
    }
    this.add(path, this.remove(from));
  }
}

function valueOf(operation: { [key: string]: unknown }): unknown {
  if (!Object.hasOwn(operation, 'value')) throw malformed(`${String(operation['op'])} needs a value`);
  return cloneJson(operation['value']);
}

function run(document: Document, operation: unknown): void {
  if (!isJsonObject(operation)) throw malformed('an operation must be an object');
  const path = parsePointer(operation['path']);
  switch (operation['op']) {
    case 'add':
      return document.add(path, valueOf(operation));
    case 'remove':
      document.remove(path);
      return;
    case 'replace':
      document.read(path);
      return document.replace(path, valueOf(operation));
    case 'move':
      return document.move(parsePointer(operation['from']), path);
    case 'copy':
      return document.copy(parsePointer(operation['from']), path);
    case 'test':
      if (!jsonEqual(document.read(path), valueOf(operation))) {
        throw failed(`testing value ${JSON.stringify(operation['path'])} failed`);
      }
      return;
    default:
      throw malformed(`unknown operation ${JSON.stringify(operation['op'])?.slice(0, 100)}`);
  }
}

/** Applies the operations to a copy of `target`. Throws PatchError; then nothing has changed. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw malformed('a JSON Patch must be a list of operations');
  if (operations.length > mostOperations) {
    throw new PatchError('ERR_PATCH_TOO_LARGE', `the patch has more than ${mostOperations} operations`);
  }
  const document = new Document(target);
  operations.forEach((operation: unknown, index) => {
    try {
      run(document, operation);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new PatchError(error.code as 'ERR_PATCH_FAILED', `operation ${index}: ${error.message}`);
    }
  });
  return document.root;
}
