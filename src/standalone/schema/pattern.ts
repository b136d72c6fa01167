/**
 * Patterns of schemas and CEL rules, which Kubernetes matches with RE2: linear time whatever the pattern. JavaScript's engine
 * backtracks, so only patterns that cannot blow up go to it; the rest run on a simulated automaton.
 */
import { compileAutomaton } from './regex/automaton.ts';
import { parseRegex } from './regex/parse-regex.ts';
import { RegexSyntaxError } from './regex/regex-syntax-error.ts';

/** true or false, or why there is no answer. */
export type Pattern = (text: string) => boolean | string;

/** Longer patterns are refused. */
const longestPattern = 10_000;
/** Steps of the automaton: states times characters. */
const mostSteps = 20_000_000;

/** At most one unbounded quantifier over single characters, no groups: at worst quadratic in a short text, mostly linear. */
const harmless = /^\^?(?:[\w@:/ -]|\\[.\-/dwsDWS]|\[(?:[\w@:/. -]|\\[.\-/dwsDWS])+\]|\{\d{1,3}\})+[+*]?\$?$/;

/** Compiles a pattern; one that is not RE2 answers every text with the reason. */
export function compilePattern(source: string): Pattern {
  if (harmless.test(source)) {
    try {
      const regex = new RegExp(source, 'u');
      return (text) => regex.test(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const problem = patternProblem(source);
  if (problem !== undefined) return () => problem;
  const automaton = compileAutomaton(parseRegex(source));
  return (text) =>
    automaton.size * text.length > mostSteps ? 'the text is too long for this pattern' : automaton.test(text);
}

/** Why a pattern cannot be used, or undefined. */
export function patternProblem(source: string): string | undefined {
  if (source.length > longestPattern) return `the pattern is longer than ${longestPattern} characters`;
  try {
    compileAutomaton(parseRegex(source));
    return undefined;
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}
