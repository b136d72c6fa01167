/** The part of Kubernetes' JSONPath that printer columns and selectable fields use: fields, indexes, filters. */
import { StandaloneError } from '../errors.ts';

/** The text is not a JSONPath that we understand. */
export class JsonPathError extends StandaloneError {}

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: string[]; equal: boolean; value: string };

export type JsonPath = (object: unknown) => unknown[];

const FIELD = /^\.([A-Za-z0-9_$/-]+(?:\\\.[A-Za-z0-9_$/-]+)*)/;
const INDEX = /^\[(-?\d{1,6})\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const QUOTED = /^\[(?:'([^']*)'|"([^"]*)")\]/;
const FILTER =
  /^\[\?\(\s*@((?:\.[A-Za-z0-9_-]+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(true|false|-?\d+))\s*\)\]/;

/** @throws JsonPathError when the expression uses anything else. */
export function compileJsonPath(expression: string): JsonPath {
  if (expression.length > 1024)
    throw new JsonPathError('ERR_JSONPATH', 'the JSONPath is longer than 1024 characters');
  const steps: Step[] = [];
  let rest = expression.replace(/^\{(.*)\}$/s, '$1');
  if (!rest.startsWith('.') && !rest.startsWith('[')) rest = `.${rest}`;
  if (rest === '.') rest = '';
  while (rest !== '') {
    const [step, length] = nextStep(rest);
    if (step === undefined)
      throw new JsonPathError('ERR_JSONPATH', `JSONPath ${expression}: cannot read ${rest}`);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (object) => {
    let found: unknown[] = [object];
    for (const step of steps) found = found.flatMap((value) => take(value, step));
    return found;
  };
}

function nextStep(rest: string): [Step | undefined, number] {
  const all = ALL.exec(rest);
  if (all) return [{ kind: 'all' }, all[0].length];
  const field = FIELD.exec(rest);
  if (field) return [{ kind: 'field', name: field[1]!.replaceAll('\\.', '.') }, field[0].length];
  const index = INDEX.exec(rest);
  if (index) return [{ kind: 'index', index: Number(index[1]) }, index[0].length];
  const quoted = QUOTED.exec(rest);
  if (quoted) return [{ kind: 'field', name: quoted[1] ?? quoted[2] ?? '' }, quoted[0].length];
  const filter = FILTER.exec(rest);
  if (filter) {
    const value = filter[3] ?? filter[4] ?? filter[5] ?? '';
    return [
      { kind: 'filter', path: filter[1]!.slice(1).split('.'), equal: filter[2] === '==', value },
      filter[0].length,
    ];
  }
  return [undefined, 0];
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'field': {
      const found = field(value, step.name);
      return found === undefined ? [] : [found];
    }
    case 'index': {
      const found: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case 'all':
      return Array.isArray(value)
        ? value
        : typeof value === 'object' && value !== null
          ? Object.values(value)
          : [];
    case 'filter':
      if (!Array.isArray(value)) return [];
      return value.filter((item: unknown) => {
        const found = step.path.reduce<unknown>(field, item);
        return (found !== undefined && String(found) === step.value) === step.equal;
      });
  }
}
