/** String extensions of cel-go and Kubernetes' regex library; every pattern is matched in linear time. */
import type { Environment } from '@marcbachmann/cel-js';
import { compileAutomaton } from '../regex/automaton.ts';
import { parseRegex } from '../regex/parse-regex.ts';
import { compilePattern } from '../pattern.ts';
import { canonicalCel } from './canonical-cel.ts';
import { RuleError } from './rule-error.ts';
import { isNamedFormat } from './named-formats.ts';

const longest = 1 << 16;

function matches(text: string, pattern: string): boolean {
  const verdict = compilePattern(pattern)(text);
  if (typeof verdict === 'string') throw new RuleError(verdict);
  return verdict;
}

function findAll(text: string, pattern: string, limit: number): string[] {
  const automaton = compileAutomaton(parseRegex(pattern));
  const chars = Array.from(text);
  // Every start is tried, so a text of n characters costs n x n x states at worst.
  if (chars.length * chars.length * automaton.size > 50_000_000)
    throw new RuleError('the text is too long to search');
  const codes = chars.map((char) => char.codePointAt(0) ?? 0);
  const found: string[] = [];
  for (let at = 0; at <= codes.length && found.length < limit;) {
    const end = automaton.longest(codes, at);
    if (end >= at) found.push(chars.slice(at, end).join(''));
    at = end > at ? end : at + 1;
  }
  return found;
}

function bounded(text: string): string {
  if (text.length > longest) throw new RuleError(`the text would be longer than ${longest} characters`);
  return text;
}

function replace(text: string, from: string, to: string, count: bigint): string {
  const parts = text.split(from);
  const times = count < 0n ? parts.length - 1 : Math.min(Number(count), parts.length - 1);
  if (text.length + times * to.length > longest) throw new RuleError('the replaced text would be too long');
  return [parts.slice(0, times + 1).join(to), ...parts.slice(times + 1)].join(from);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return canonicalCel(value);
}

function format(template: string, values: readonly unknown[]): string {
  let next = 0;
  const text = template.replaceAll(
    /%(?:\.(\d{1,3}))?([a-zA-Z%])/g,
    (_whole, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) throw new RuleError('format has fewer values than placeholders');
      const value = values[next++];
      switch (verb) {
        case 's':
          return shown(value);
        case 'd':
          return shown(value);
        case 'f':
          return Number(value).toFixed(Math.min(100, Number(precision ?? 6)));
        case 'e':
          return Number(value).toExponential(Math.min(100, Number(precision ?? 6)));
        case 'b':
          return typeof value === 'boolean' ? String(Number(value)) : (value as bigint).toString(2);
        case 'o':
          return (value as bigint).toString(8);
        case 'x':
        case 'X': {
          const hex =
            typeof value === 'bigint'
              ? value.toString(16)
              : Buffer.from(value as string | Uint8Array).toString('hex');
          return verb === 'X' ? hex.toUpperCase() : hex;
        }
        default:
          throw new RuleError(`format does not know %${verb}`);
      }
    },
  );
  return bounded(text);
}

/** `matches` of the engine backtracks; rules are rewritten to these (see `compile-rules.ts`). */
export const linearMatches = 'matchesInLinearTime';

export function registerStrings(environment: Environment): void {
  environment
    .registerFunction(`string.${linearMatches}(string): bool`, matches)
    .registerFunction(`${linearMatches}(string, string): bool`, matches)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list', (text: string, pattern: string) =>
      findAll(text, pattern, Infinity),
    )
    .registerFunction('string.findAll(string, int): list', (text: string, pattern: string, limit: bigint) =>
      findAll(text, pattern, limit < 0n ? Infinity : Number(limit)),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => {
      const chars = Array.from(text);
      if (at < 0n || at > BigInt(chars.length)) throw new RuleError('charAt is out of range');
      return chars[Number(at)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      replace(text, from, to, -1n),
    )
    .registerFunction('string.replace(string, string, int): string', replace)
    .registerFunction('string.reverse(): string', (text: string) => Array.from(text).reverse().join(''))
    .registerFunction('string.format(list): string', format)
    .registerFunction('string.isFormat(string): bool', isNamedFormat);
}
