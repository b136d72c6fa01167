/** Label selectors, equality and set based (Kubernetes documentation: "Labels and Selectors"; apimachinery labels grammar). */
import { SelectorError } from './selector-error.ts';

export type Operator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export interface Selector {
  readonly text: string;
  readonly requirements: readonly Requirement[];
  /** Selects everything. */
  readonly empty: boolean;
  matches(labels: { readonly [key: string]: string } | undefined): boolean;
}

const longestSelector = 65_536;
const mostRequirements = 1_000;
const name = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const value = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function checkKey(key: string): void {
  const slash = key.indexOf('/');
  const domain = key.slice(0, Math.max(0, slash));
  const fine =
    name.test(key.slice(slash + 1)) && (slash < 0 || (domain.length <= 253 && prefix.test(domain)));
  if (!fine) throw new SelectorError(`${JSON.stringify(key.slice(0, 300))} is no label key`);
}

function checkValue(text: string, operator: Operator): void {
  if (operator === '>' || operator === '<') {
    if (!/^-?\d{1,18}$/.test(text)) throw new SelectorError(`${operator} needs an integer`);
  } else if (!value.test(text))
    throw new SelectorError(`${JSON.stringify(text.slice(0, 300))} is no label value`);
}

function compile(requirement: Requirement): (labels: { readonly [key: string]: string }) => boolean {
  const { key, operator } = requirement;
  const allowed = new Set(requirement.values);
  const bound = Number(requirement.values[0]);
  switch (operator) {
    case '=':
    case 'in':
      return (labels) => Object.hasOwn(labels, key) && allowed.has(labels[key] ?? '');
    case '!=':
    case 'notin':
      return (labels) => !Object.hasOwn(labels, key) || !allowed.has(labels[key] ?? '');
    case 'exists':
      return (labels) => Object.hasOwn(labels, key);
    case '!':
      return (labels) => !Object.hasOwn(labels, key);
    default:
      return (labels) => {
        if (!Object.hasOwn(labels, key) || !/^-?\d{1,18}$/.test(labels[key] ?? '')) return false;
        return operator === '>' ? Number(labels[key]) > bound : Number(labels[key]) < bound;
      };
  }
}

const noLabels: { readonly [key: string]: string } = {};

function build(text: string, requirements: readonly Requirement[]): Selector {
  const tests = requirements.map(compile);
  return {
    text,
    requirements,
    empty: tests.length === 0,
    matches: (labels) => tests.every((test) => test(labels ?? noLabels)),
  };
}

/** Reads the grammar token by token. */
class Parser {
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
  }

  parse(): Requirement[] {
    const found: Requirement[] = [];
    while (this.#at < this.#tokens.length) {
      found.push(this.#requirement());
      if (found.length > mostRequirements)
        throw new SelectorError(`more than ${mostRequirements} requirements`);
      if (this.#at === this.#tokens.length) break;
      this.#expect(',');
      if (this.#at === this.#tokens.length) throw new SelectorError('it ends after a comma');
    }
    return found;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #expect(token: string): void {
    if (this.#peek() !== token) {
      throw new SelectorError(
        `found ${JSON.stringify(this.#peek().slice(0, 100))}, expected ${JSON.stringify(token)}`,
      );
    }
    this.#at++;
  }

  #word(): string | undefined {
    const token = this.#peek();
    if (token === '' || /^(?:==|!=|[=!<>(),])$/.test(token)) return undefined;
    this.#at++;
    return token;
  }

  #key(): string {
    const key = this.#word();
    if (key === undefined)
      throw new SelectorError(`found ${JSON.stringify(this.#peek())}, expected a label key`);
    checkKey(key);
    return key;
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#at++;
      return { key: this.#key(), operator: '!', values: [] };
    }
    const key = this.#key();
    const token = this.#peek();
    if (token === '' || token === ',') return { key, operator: 'exists', values: [] };
    this.#at++;
    switch (token) {
      case 'in':
      case 'notin':
        return { key, operator: token, values: this.#values(token) };
      case '=':
      case '==':
        return { key, operator: '=', values: [this.#value('=')] };
      case '!=':
      case '>':
      case '<':
        return { key, operator: token, values: [this.#value(token)] };
      default:
        throw new SelectorError(`found ${JSON.stringify(token.slice(0, 100))}, expected an operator`);
    }
  }

  #value(operator: Operator): string {
    const text = this.#word() ?? '';
    checkValue(text, operator);
    return text;
  }

  #values(operator: Operator): string[] {
    this.#expect('(');
    const values = [this.#value(operator)];
    while (this.#peek() === ',') {
      this.#at++;
      values.push(this.#value(operator));
    }
    this.#expect(')');
    return values;
  }
}

/** Parses the text form; empty selects everything. Throws SelectorError. */
export function parseLabelSelector(text: string): Selector {
  if (text.length > longestSelector) throw new SelectorError('it is too long');
  return build(text, new Parser(text).parse());
}

const expressionOperators: { readonly [name: string]: Operator } = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** meta/v1 LabelSelector. */
export interface LabelSelectorObject {
  matchLabels?: { readonly [key: string]: string };
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** Compiles a meta/v1 LabelSelector; undefined selects nothing, an empty one everything. Throws SelectorError. */
export function labelSelectorFrom(object: LabelSelectorObject | undefined): Selector {
  if (object === undefined) return { text: '', requirements: [], empty: false, matches: () => false };
  const requirements: Requirement[] = Object.entries(object.matchLabels ?? {}).map(([key, each]) => ({
    key,
    operator: '=',
    values: [each],
  }));
  for (const expression of object.matchExpressions ?? []) {
    const operator = Object.hasOwn(expressionOperators, expression.operator)
      ? expressionOperators[expression.operator]
      : undefined;
    if (operator === undefined)
      throw new SelectorError(`unknown operator ${JSON.stringify(expression.operator)}`);
    const values = expression.values ?? [];
    if ((operator === 'in' || operator === 'notin') !== values.length > 0) {
      throw new SelectorError(`${expression.operator} and ${values.length} values do not go together`);
    }
    requirements.push({ key: expression.key, operator, values });
  }
  for (const each of requirements) {
    checkKey(each.key);
    for (const text of each.values) checkValue(text, each.operator);
  }
  return build('', requirements);
}
