/** Parses Kubernetes' JSONPath dialect into steps. */
import { JsonPathError } from './json-path-error.ts';

export type Operand = { steps: readonly Step[] } | { value: string | number | boolean | null };

export type Step =
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  | { kind: 'slice'; from: number | undefined; to: number | undefined; step: number; single: boolean }
  | { kind: 'union'; choices: readonly Step[] }
  | {
      kind: 'filter';
      left: Operand;
      operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'exists';
      right: Operand;
    };

const longest = 4096;
const deepest = 10;

/** Reads one path; filters read paths inside, so a depth is kept. */
class Parser {
  readonly #text: string;
  readonly #depth: number;
  at: number;

  constructor(text: string, at: number, depth: number) {
    this.#text = text;
    this.at = at;
    this.#depth = depth;
    if (depth > deepest) throw this.error('filters are nested too deeply');
  }

  error(problem: string): JsonPathError {
    return new JsonPathError(this.#text, problem);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  /** Steps until something that is no step. */
  steps(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (this.#match(/\.\./y) !== null) {
        steps.push({ kind: 'recursive' });
        if (this.#text[this.at] !== '[') steps.push(this.#name());
      } else if (this.#match(/\.(?!\[)/y) !== null) steps.push(this.#name());
      else if (this.#match(/\.?\[/y) !== null) steps.push(this.#bracket());
      else return steps;
    }
  }

  #name(): Step {
    if (this.#match(/\*/y) !== null) return { kind: 'wildcard' };
    const found = this.#match(/(?:\\.|[^.[\]\s\\=!<>()?@,'"{}*])+/y);
    if (found === null) throw this.error(`a field name is missing at ${this.at}`);
    return { kind: 'field', name: found[0].replaceAll(/\\(.)/g, '$1') };
  }

  #bracket(): Step {
    if (this.#match(/\?\(\s*/y) !== null) {
      const filter = this.#filter();
      if (this.#match(/\s*\)\]/y) === null) throw this.error('a filter must end with )]');
      return filter;
    }
    const choices: Step[] = [];
    do choices.push(this.#choice());
    while (this.#match(/\s*,\s*/y) !== null);
    if (this.#match(/\s*\]/y) === null) throw this.error('a ] is missing');
    return choices.length === 1 && choices[0] !== undefined ? choices[0] : { kind: 'union', choices };
  }

  #choice(): Step {
    if (this.#match(/\s*\*/y) !== null) return { kind: 'wildcard' };
    const quoted = this.#quoted();
    if (quoted !== undefined) return { kind: 'field', name: quoted };
    const found = this.#match(/\s*(-?\d{1,9})?(\s*:\s*(-?\d{1,9})?(?:\s*:\s*(-?\d{1,9})?)?)?/y);
    if (found === null || found[0].trim() === '')
      throw this.error(`an index, slice, name or filter is missing at ${this.at}`);
    const from = found[1] === undefined ? undefined : Number(found[1]);
    const single = found[2] === undefined;
    const step = found[4] === undefined ? 1 : Number(found[4]);
    if (step < 1) throw this.error('a slice must step forward');
    return { kind: 'slice', from, to: found[3] === undefined ? undefined : Number(found[3]), step, single };
  }

  #quoted(): string | undefined {
    const found = this.#match(/\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")/y);
    if (found === null) return undefined;
    return (found[1] ?? found[2] ?? '').replaceAll(/\\(.)/g, '$1');
  }

  #filter(): Step {
    const left = this.#operand();
    const operator = this.#match(/\s*(==|!=|<=|>=|<|>)\s*/y)?.[1];
    if (operator === undefined) return { kind: 'filter', left, operator: 'exists', right: { value: null } };
    return { kind: 'filter', left, operator: operator as '==', right: this.#operand() };
  }

  #operand(): Operand {
    if (this.#match(/\s*[@$]/y) !== null) {
      const inner = new Parser(this.#text, this.at, this.#depth + 1);
      const steps = inner.steps();
      this.at = inner.at;
      return { steps };
    }
    const quoted = this.#quoted();
    if (quoted !== undefined) return { value: quoted };
    const word = this.#match(/\s*(true|false|null|nil|-?\d{1,15}(?:\.\d{1,15})?)/y)?.[1];
    if (word === undefined) throw this.error(`a value is missing at ${this.at}`);
    if (word === 'true' || word === 'false') return { value: word === 'true' };
    return { value: word === 'null' || word === 'nil' ? null : Number(word) };
  }
}

/** Parses a path with or without `{}`, `$` and the leading dot. Throws JsonPathError. */
export function parseJsonPath(text: string): readonly Step[] {
  if (text.length > longest) throw new JsonPathError(text, `it is longer than ${longest} characters`);
  let path = text.trim();
  if (path.startsWith('{') && path.endsWith('}')) path = path.slice(1, -1).trim();
  if (path.startsWith('$') || path.startsWith('@')) path = path.slice(1);
  if (path === '' || path === '.') return [];
  if (!path.startsWith('.') && !path.startsWith('[')) path = `.${path}`;
  const parser = new Parser(path, 0, 0);
  const steps = parser.steps();
  if (parser.at < path.length)
    throw parser.error(`unexpected ${JSON.stringify(path.slice(parser.at, parser.at + 20))}`);
  return steps;
}
