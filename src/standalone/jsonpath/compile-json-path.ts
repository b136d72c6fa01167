/** JSONPath as printer columns, selectable fields and `kubectl -o jsonpath` write it (Kubernetes documentation: "JSONPath Support"). */
import { jsonEqual } from '../schema/canonical.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import type { Operand, Step } from './parse-json-path.ts';
import { parseJsonPath } from './parse-json-path.ts';

export type JsonPath = (object: unknown) => unknown[];

const mostResults = 1_000;
/** Values that one evaluation may visit; what lies beyond is not looked at. */
const mostVisits = 100_000;

/** One evaluation, with its budget. */
class Evaluation {
  #visits = 0;

  run(values: unknown[], steps: readonly Step[]): unknown[] {
    let current = values;
    for (const step of steps) {
      const next: unknown[] = [];
      for (const value of current) {
        if (++this.#visits > mostVisits) break;
        this.#step(value, step, next);
      }
      current = next;
    }
    return current;
  }

  #step(value: unknown, step: Step, out: unknown[]): void {
    switch (step.kind) {
      case 'field':
        if (isJsonObject(value) && Object.hasOwn(value, step.name)) out.push(value[step.name]);
        return;
      case 'wildcard':
        out.push(...this.#children(value));
        return;
      case 'recursive':
        this.#descend(value, out);
        return;
      case 'union':
        for (const choice of step.choices) this.#step(value, choice, out);
        return;
      case 'slice':
        if (Array.isArray(value)) this.#slice(value, step, out);
        return;
      case 'filter':
        for (const item of this.#children(value)) if (this.#holds(item, step)) out.push(item);
    }
  }

  #children(value: unknown): unknown[] {
    const children: unknown[] = Array.isArray(value)
      ? value
      : isJsonObject(value)
        ? Object.values(value)
        : [];
    this.#visits += children.length;
    return this.#visits > mostVisits ? [] : children;
  }

  #descend(value: unknown, out: unknown[]): void {
    // A stack of our own: values may be nested deeper than the call stack.
    const stack = [value];
    while (stack.length > 0) {
      if (++this.#visits > mostVisits) return;
      const each = stack.pop();
      if (typeof each !== 'object' || each === null) continue;
      out.push(each);
      stack.push(...this.#children(each).toReversed());
    }
  }

  #slice(list: readonly unknown[], step: Extract<Step, { kind: 'slice' }>, out: unknown[]): void {
    const place = (index: number): number => (index < 0 ? index + list.length : index);
    const from = place(step.from ?? 0);
    if (step.single) {
      if (from >= 0 && from < list.length) out.push(list[from]);
      return;
    }
    const to = Math.min(list.length, place(step.to ?? list.length));
    for (let i = Math.max(0, from); i < to; i += step.step) out.push(list[i]);
  }

  #operand(item: unknown, operand: Operand): unknown {
    return 'steps' in operand ? this.run([item], operand.steps)[0] : operand.value;
  }

  #holds(item: unknown, step: Extract<Step, { kind: 'filter' }>): boolean {
    const left = this.#operand(item, step.left);
    if (step.operator === 'exists') return left !== undefined;
    const right = this.#operand(item, step.right);
    if (left === undefined || right === undefined) return false;
    if (step.operator === '==') return jsonEqual(left, right);
    if (step.operator === '!=') return !jsonEqual(left, right);
    const comparable =
      (typeof left === 'number' && typeof right === 'number') ||
      (typeof left === 'string' && typeof right === 'string');
    if (!comparable) return false;
    switch (step.operator) {
      case '<':
        return left < right;
      case '<=':
        return left <= right;
      case '>':
        return left > right;
      default:
        return left >= right;
    }
  }
}

/** Compiles a path. Throws JsonPathError; the compiled path itself never throws and finds nothing where nothing is. */
export function compileJsonPath(text: string): JsonPath {
  const steps = parseJsonPath(text);
  const names = steps.every((step) => step.kind === 'field') ? steps.map((step) => step.name) : undefined;
  if (names !== undefined) {
    return (object) => {
      let value = object;
      for (const name of names) {
        if (!isJsonObject(value) || !Object.hasOwn(value, name)) return [];
        value = value[name];
      }
      return [value];
    };
  }
  return (object) => new Evaluation().run([object], steps).slice(0, mostResults);
}
