/** Rules for numbers: bounds, multiples, and the ranges of the integer formats. */
import type { Validator } from './validator.ts';
import { invalid } from './validator.ts';
import type { JsonSchema } from './json-schema.ts';

const ranges: { readonly [format: string]: readonly [number, number] } = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  // JSON numbers are doubles here: the bound is the nearest that can be told apart.
  int64: [-(2 ** 63), 2 ** 63 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, 2 ** 64 - 1],
};

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * Math.max(1, Math.abs(quotient));
}

function rule(fails: (value: number) => boolean, problem: string): Validator {
  return (value, path, errors) => {
    if (typeof value === 'number' && fails(value)) errors.push(invalid(path, value, problem));
  };
}

export function numberRules(schema: JsonSchema): Validator[] {
  const rules: Validator[] = [];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  if (minimum !== undefined) {
    rules.push(
      exclusiveMinimum === true
        ? rule((value) => value <= minimum, `should be greater than ${minimum}`)
        : rule((value) => value < minimum, `should be greater than or equal to ${minimum}`),
    );
  }
  if (maximum !== undefined) {
    rules.push(
      exclusiveMaximum === true
        ? rule((value) => value >= maximum, `should be less than ${maximum}`)
        : rule((value) => value > maximum, `should be less than or equal to ${maximum}`),
    );
  }
  if (multipleOf !== undefined && multipleOf > 0) {
    rules.push(rule((value) => !isMultiple(value, multipleOf), `should be a multiple of ${multipleOf}`));
  }
  const range = format === undefined || !Object.hasOwn(ranges, format) ? undefined : ranges[format];
  if (range !== undefined && (schema.type === 'integer' || schema['x-kubernetes-int-or-string'] === true)) {
    rules.push(
      rule((value) => value < range[0] || value > range[1], `must be of type integer with format ${format}`),
    );
  }
  return rules;
}
