/** Finds members that occur twice in a JSON object, which JSON.parse silently makes one of (RFC 8259 §4). */
import { isMap, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { isNestedDeeper } from './yaml-nesting.ts';

/** More of them say nothing new. */
const MOST = 64;
const MAX_NESTING = 100;

interface Container {
  /** The members so far; absent in an array. */
  keys: Set<string> | undefined;
  /** Of an object: the member that is being read. */
  key: string;
  /** Of an array: the item that is being read. */
  index: number;
}

/**
 * Field paths such as `spec.parts[0].name`, in the order of the text.
 *
 * @param text valid JSON
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Container[] = [];
  for (let at = 0; at < text.length && found.length < MOST; at++) {
    const top = stack.at(-1);
    switch (text[at]) {
      case '{':
        stack.push({ keys: new Set(), key: '', index: 0 });
        break;
      case '[':
        stack.push({ keys: undefined, key: '', index: 0 });
        break;
      case '}':
      case ']':
        stack.pop();
        break;
      case ',':
        if (top !== undefined) top.index++;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (top?.keys !== undefined && isMember(text, end)) {
          top.key = JSON.parse(text.slice(at, end)) as string;
          if (top.keys.has(top.key)) found.push(pathOf(stack));
          top.keys.add(top.key);
        }
        at = end - 1;
        break;
      }
      default:
    }
  }
  return found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Within an object, a string is a member's name when a colon follows. */
function isMember(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return text[at] === ':';
}

function pathOf(stack: readonly Container[]): string {
  return stack
    .map(({ keys, key, index }, depth) =>
      keys === undefined ? `[${index}]` : `${depth === 0 ? '' : '.'}${key}`,
    )
    .join('');
}

/**
 * Whether `duplicateFields` may find something: a value that was parsed has fewer members than the text has names.
 * Quick, and wrong only towards looking: a text has at least as many names as its value has members.
 */
export function mayHaveDuplicates(text: string, members: number): boolean {
  if (/"\s+:/.test(text)) return true;
  let names = 0;
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) names++;
  return names !== members;
}

/** A YAML document and what is twice in it, as Kubernetes' reader words that. Of two the last counts. */
export function parseYamlBody(text: string): { value: unknown; duplicates: string[] } {
  const lines = new LineCounter();
  // The reader's own ways of finding keys twice and of showing errors take time with the square of the text.
  const options = { uniqueKeys: false, prettyErrors: false, lineCounter: lines };
  if (isNestedDeeper(text, MAX_NESTING)) throw new Error(`nested deeper than ${MAX_NESTING} levels`);
  const document: Document = parseDocument(text, options);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new Error(`${error.message} at line ${line}, column ${col}`, { cause: error });
  }
  const duplicates: string[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of isMap(map) ? map.items : []) {
        const name = isScalar(key) ? key.value : undefined;
        if (name === undefined) continue;
        if (seen.has(name) && duplicates.length < MOST && isScalar(key)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          duplicates.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        }
        seen.add(name);
      }
    },
  });
  return { value: document.toJS({ maxAliasCount: 100 }), duplicates };
}
