/** Turns an OpenAPI v3 schema into the functions that the API server runs on every write. */
import type { FieldError } from '../../api/admission.ts';
import { compileRules } from './cel/compile-rules.ts';
import { compileDefaulter } from './compile-defaulter.ts';
import { compilePruner } from './compile-pruner.ts';
import { compile as compileValidator } from './compile-validator.ts';
import type { CompiledSchema, CompileOptions, JsonSchema } from './json-schema.ts';
import { mostErrors } from './limits.ts';

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function tooDeep(): FieldError {
  return { type: 'Invalid', path: '', value: '', detail: 'the object is nested too deeply' };
}

/** Runs `work`; a stack that ran out means a value nested beyond every schema, which is the sender's fault. */
function bounded<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/**
 * Compiles a schema. Each part is compiled when it is first used and kept. Rules that do not parse answer every
 * validation with an error that says so (`checkStructural` refuses them at admission).
 */
export function compileSchema(schema: JsonSchema, options: CompileOptions = {}): CompiledSchema {
  const pruner = once(() => compilePruner(schema));
  const defaulter = once(() => compileDefaulter(schema));
  const validator = once(() => compileValidator(schema, true, 0));
  const rules = once(() => (options.celRules === false ? undefined : compileRules(schema)));
  return {
    schema,
    prune(object) {
      const removed: string[] = [];
      return bounded(() => {
        pruner()(object, '', removed);
        return removed;
      }, removed);
    },
    default(object) {
      bounded(() => defaulter()?.(object), undefined);
    },
    validate(object, old) {
      return bounded(() => {
        const errors: FieldError[] = [];
        validator()?.(object, '', errors);
        if (errors.length > 0) return errors.slice(0, mostErrors);
        rules()?.(object, old, errors);
        return errors.slice(0, mostErrors);
      }, [tooDeep()]);
    },
  };
}
