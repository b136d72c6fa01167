/** What is wrong with an expression before it meets a value: CRD admission refuses it, rather than every object later. */
import { TypeError as CelTypeError, type ASTNode, type Environment } from '@marcbachmann/cel-js';
import { parseExpression } from './compile-rule.ts';
import { createEnvironment } from './environment.ts';

/** Kubernetes has more: https://kubernetes.io/docs/reference/using-api/cel/. */
const known =
  'known are the standard functions and one-variable macros of CEL, cel.bind, optionals, and the libraries for strings, ' +
  'regular expressions, lists, sets, URLs, IP addresses, CIDRs, quantities and formats';

export interface ExpressionChecker {
  /** Undefined: it can be used. `optionalOldSelf` as in the rule. */
  problemOf(expression: string, result: 'bool' | 'string', optionalOldSelf: boolean): string | undefined;
}

/** Serves all expressions of a definition: environments are what costs. */
export function createExpressionChecker(): ExpressionChecker {
  // Any name may stand for any value: what does not fit then is a function that is not there.
  const functions = createEnvironment();
  const declared = new Map<string, Environment>();
  const variables = (oldSelf: string): Environment => {
    const made = declared.get(oldSelf) ?? createEnvironment({ self: 'dyn', oldSelf });
    declared.set(oldSelf, made);
    return made;
  };
  return {
    problemOf(expression, result, optionalOldSelf) {
      const oldSelf = optionalOldSelf ? 'optional<dyn>' : 'dyn';
      for (const environment of [functions, variables(oldSelf)]) {
        const parsed = parseExpression(environment, expression);
        if (typeof parsed === 'string') return parsed;
        const { valid, error, type = 'dyn' } = parsed.check();
        if (!valid) {
          const problem = described(error, functions);
          if (problem !== undefined) return problem;
        } else if (type !== 'dyn' && type !== result) {
          return `must evaluate to ${result}, not to ${type}`;
        }
      }
      return undefined;
    },
  };
}

/** Only what no value can mend; whether types fit is known when there are values. */
function described(error: unknown, environment: Environment): string | undefined {
  if (!(error instanceof CelTypeError)) return undefined;
  if (error.code === 'unknown_variable')
    return `there is no variable ${nameOf(error.node)}: rules know self and oldSelf; ${known}`;
  if (error.code !== 'no_matching_overload') return undefined;
  const name = nameOf(error.node);
  const plain = name.slice(name.lastIndexOf('.') + 1);
  const there = environment.getDefinitions().functions.some((found) => found.name === plain);
  return there
    ? `${name} is not supported with these arguments: ${error.summary}; ${known}`
    : `${name} is not supported here; ${known}`;
}

/** `semver`, `math.greatest`, `all`: as it stands in the expression. */
function nameOf(node: ASTNode | undefined): string {
  if (node?.op === 'id' || node?.op === 'call') return node.op === 'id' ? node.args : node.args[0];
  if (node?.op !== 'rcall') return 'an expression';
  const [name, receiver] = node.args;
  const namespace = receiver.op === 'id' && receiver.args !== 'self' && receiver.args !== 'oldSelf';
  return namespace ? `${receiver.args}.${name}` : name;
}
