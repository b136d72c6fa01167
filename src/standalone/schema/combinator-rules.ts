/** allOf, anyOf, oneOf and not, as structural schemas use them: value rules only. */
import type { FieldError } from '../../api/admission.ts';
import type { Validator } from './validator.ts';
import type { JsonSchema } from './json-schema.ts';

type Next = (child: JsonSchema) => Validator | undefined;

function passes(validator: Validator | undefined, value: unknown, path: string): boolean {
  if (validator === undefined) return true;
  const errors: FieldError[] = [];
  validator(value, path, errors);
  return errors.length === 0;
}

function failure(path: string, problem: string): FieldError {
  return { type: 'Invalid', path, value: '', detail: `${JSON.stringify(path)} ${problem}` };
}

export function combinatorRules(schema: JsonSchema, next: Next): Validator[] {
  const rules: Validator[] = [];
  for (const each of schema.allOf ?? []) {
    const validator = next(each);
    if (validator !== undefined) rules.push(validator);
  }
  if (schema.anyOf !== undefined && schema.anyOf.length > 0) {
    const choices = schema.anyOf.map(next);
    rules.push((value, path, errors) => {
      if (choices.some((each) => passes(each, value, path))) return;
      errors.push(failure(path, 'must validate at least one schema (anyOf)'));
    });
  }
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const choices = schema.oneOf.map(next);
    rules.push((value, path, errors) => {
      const count = choices.filter((each) => passes(each, value, path)).length;
      if (count === 1) return;
      const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
      errors.push(failure(path, `must validate one and only one schema (oneOf). ${found}`));
    });
  }
  if (schema.not !== undefined) {
    const validator = next(schema.not);
    rules.push((value, path, errors) => {
      if (passes(validator, value, path)) errors.push(failure(path, 'must not validate the schema (not)'));
    });
  }
  return rules;
}
