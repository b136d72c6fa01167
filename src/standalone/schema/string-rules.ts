/** Rules for strings: lengths in characters, pattern, format. */
import type { FieldError } from '../../api/admission.ts';
import type { Validator } from './validator.ts';
import { invalid } from './validator.ts';
import { formatCheck } from './formats.ts';
import type { JsonSchema } from './json-schema.ts';
import { compilePattern } from './pattern.ts';

/** Code points, as Kubernetes counts. */
function countOf(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

const notShown = '<not shown>';

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function patternRule(source: string): Validator {
  const pattern = compilePattern(source);
  return (value, path, errors) => {
    if (typeof value !== 'string') return;
    const verdict = pattern(value);
    if (verdict === true) return;
    const problem =
      verdict === false ? `should match '${source}'` : `cannot be matched against '${source}': ${verdict}`;
    errors.push(invalid(path, shortened(value), problem));
  };
}

export function stringRules(schema: JsonSchema): Validator[] {
  const rules: Validator[] = [];
  const { minLength, maxLength, pattern, format } = schema;
  if (maxLength !== undefined) {
    rules.push((value, path, errors) => {
      if (typeof value !== 'string' || value.length <= maxLength || countOf(value) <= maxLength) return;
      const error: FieldError = {
        type: 'TooLong',
        path,
        detail: `may not be more than ${maxLength} characters`,
      };
      errors.push(error);
    });
  }
  if (minLength !== undefined) {
    rules.push((value, path, errors) => {
      if (typeof value !== 'string' || countOf(value) >= minLength) return;
      errors.push(invalid(path, value, `should be at least ${minLength} chars long`));
    });
  }
  if (pattern !== undefined) rules.push(patternRule(pattern));
  const check = format === undefined ? undefined : formatCheck(format);
  if (check !== undefined) {
    rules.push((value, path, errors) => {
      if (typeof value !== 'string' || check(value)) return;
      // What should be base64 is data, often secret, and the commonest mistake is to give it plain.
      if (format === 'byte') errors.push(invalid(path, notShown, 'must be of type byte: give it as base64'));
      else errors.push(invalid(path, shortened(value), `must be of type ${format}: "${shortened(value)}"`));
    });
  }
  return rules;
}
