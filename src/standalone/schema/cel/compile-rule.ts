/** One CEL rule: parsed once, bounded, and its failure turned into a field error. */
import type { ASTNode, Environment, ParseResult } from '@marcbachmann/cel-js';
import { EvaluationError, Optional, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { FieldError } from '../../../api/admission.ts';
import { StandaloneError } from '../../errors.ts';
import type { ValidationRule } from '../json-schema.ts';
import { linearMatches } from './strings.ts';

export interface CompiledRule {
  /** Whether it compares with the old value. */
  readonly transition: boolean;
  /** Why the expression cannot be used. */
  readonly problem: string | undefined;
  check(self: unknown, oldSelf: unknown, path: string, value: unknown): FieldError | undefined;
}

/** Nodes that one rule may visit: list sizes to the power of nested macros, times the size of the expression. */
const mostVisits = 10_000_000;
const longestRule = 16_384;

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Strings are skipped; outside of them the engine's own `matches` gives way to ours. */
function linear(text: string): string {
  return text.replaceAll(
    /(\/\/[^\n]*)|((?:[rRbB]{0,2})(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|\bmatches(\s*\()/g,
    (whole: string, _comment: string | undefined, _string: string | undefined, call: string | undefined) =>
      call === undefined ? whole : `${linearMatches}${call}`,
  );
}

interface Shape {
  nodes: number;
  nesting: number;
  old: boolean;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value;
}

function measure(value: unknown, nesting: number, shape: Shape): void {
  if (Array.isArray(value)) {
    for (const each of value) measure(each, nesting, shape);
    return;
  }
  if (!isNode(value)) return;
  shape.nodes++;
  if (value.op === 'id' && value.args === 'oldSelf') shape.old = true;
  const inner = value.op === 'rcall' && macros.has(value.args[0]) ? nesting + 1 : nesting;
  shape.nesting = Math.max(shape.nesting, inner);
  measure(value.args, inner, shape);
}

/** The most children that any list or map in `value` has. */
function widest(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  const children = Array.isArray(value) ? value : Object.values(value);
  let most = children.length;
  for (const child of children) most = Math.max(most, widest(child));
  return most;
}

function problemOf(error: unknown): string {
  if (error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError)
    return error.summary;
  if (error instanceof StandaloneError) return error.message;
  // What a library function was given it cannot digest, such as a number beyond every range.
  if (error instanceof Error) return error.message.split('\n')[0] ?? '';
  return 'the evaluation failed';
}

/** The parsed expression, or why there is none. */
export function parseExpression(environment: Environment, text: string): ParseResult | string {
  if (text.length > longestRule) return `the expression is longer than ${longestRule} characters`;
  try {
    return environment.parse(linear(text));
  } catch (error) {
    return problemOf(error);
  }
}

function evaluate(
  parsed: ParseResult,
  context: { self: unknown; oldSelf?: unknown },
): { value: unknown } | { problem: string } {
  try {
    return { value: parsed(context) as unknown };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

const types = {
  FieldValueInvalid: 'Invalid',
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required',
  FieldValueDuplicate: 'Duplicate',
} as const;

/** Compiles a rule; one that does not parse fails every value with the reason. */
export function compileRule(environment: Environment, rule: ValidationRule): CompiledRule {
  // Without its type, `oldSelf.value().field` would not be understood.
  const own =
    rule.optionalOldSelf === true
      ? environment.clone().registerVariable('oldSelf', 'optional<dyn>')
      : environment;
  const parsed = parseExpression(own, rule.rule);
  const message =
    rule.messageExpression === undefined ? undefined : parseExpression(own, rule.messageExpression);
  const shape: Shape = { nodes: 0, nesting: 0, old: false };
  if (typeof parsed !== 'string') measure(parsed.ast, 0, shape);
  if (typeof message === 'function') measure(message.ast, 0, shape);
  const optional = rule.optionalOldSelf === true;
  const type = types[rule.reason ?? 'FieldValueInvalid'] ?? 'Invalid';

  const textOf = (context: { self: unknown; oldSelf?: unknown }): string => {
    if (typeof message === 'function') {
      const result = evaluate(message, context);
      if (
        'value' in result &&
        typeof result.value === 'string' &&
        result.value.trim() !== '' &&
        !result.value.includes('\n')
      ) {
        return result.value.slice(0, 5120);
      }
    }
    return rule.message ?? `failed rule: ${rule.rule.trim().slice(0, 500)}`;
  };

  return {
    transition: shape.old,
    problem: typeof parsed === 'string' ? parsed : typeof message === 'string' ? message : undefined,
    check(self, oldSelf, path, value) {
      const where = rule.fieldPath === undefined ? path : joined(path, rule.fieldPath);
      const failed = (detail: string): FieldError => ({
        type,
        path: where,
        ...(type === 'Required' || type === 'Forbidden' ? {} : { value: printable(value) }),
        detail,
      });
      if (typeof parsed === 'string') return failed(`the rule cannot be used: ${parsed}`);
      if (shape.old && oldSelf === undefined && !optional) return undefined;
      if (shape.nesting > 0 && widest(self) ** shape.nesting * shape.nodes > mostVisits) {
        return failed(`the value is too large for this rule: ${rule.rule.trim().slice(0, 200)}`);
      }
      const context: { self: unknown; oldSelf?: unknown } = { self };
      if (optional) context.oldSelf = oldSelf === undefined ? Optional.none() : Optional.of(oldSelf);
      else if (oldSelf !== undefined) context.oldSelf = oldSelf;
      const result = evaluate(parsed, context);
      if ('problem' in result)
        return failed(
          `the rule could not be evaluated: ${result.problem} (${rule.rule.trim().slice(0, 200)})`,
        );
      return result.value === true ? undefined : failed(textOf(context));
    },
  };
}

/** `.spec.name` below `path`. */
function joined(path: string, below: string): string {
  return path === ''
    ? below.replace(/^\./, '')
    : `${path}${below.startsWith('.') || below.startsWith('[') ? '' : '.'}${below}`;
}

/** Kubernetes leaves composite values out of what it prints. */
function printable(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? undefined : value;
}
