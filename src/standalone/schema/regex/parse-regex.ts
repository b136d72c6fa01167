/** Parses RE2 syntax (https://github.com/google/re2/wiki/Syntax) into a tree; what RE2 refuses is refused. */
import type { CharTest } from './char-class.ts';
import { ClassParser, folded } from './char-class.ts';
import { RegexSyntaxError } from './regex-syntax-error.ts';

export type Regex =
  | { kind: 'empty' }
  | { kind: 'char'; test: CharTest }
  | { kind: 'assert'; at: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'word' | 'notWord' }
  | { kind: 'all'; parts: Regex[] }
  | { kind: 'any'; choices: Regex[] }
  | { kind: 'repeat'; of: Regex; min: number; max: number };

/** RE2's own bound. */
const mostRepeats = 1000;
const deepestGroup = 200;

interface Flags {
  fold: boolean;
  dotAll: boolean;
  multiline: boolean;
}

class Parser {
  readonly #text: string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#text = Array.from(source);
  }

  parse(): Regex {
    const regex = this.#choices({ fold: false, dotAll: false, multiline: false });
    if (this.#at < this.#text.length) throw new RegexSyntaxError('unexpected )');
    return regex;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #eat(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#text[this.#at + i] !== text[i]) return false;
    this.#at += text.length;
    return true;
  }

  /** `flags` is changed by `(?i)` and holds until the group ends. */
  #choices(flags: Flags): Regex {
    if (++this.#depth > deepestGroup) throw new RegexSyntaxError('groups are nested too deeply');
    const choices: Regex[] = [this.#sequence(flags)];
    while (this.#eat('|')) choices.push(this.#sequence(flags));
    this.#depth--;
    return choices.length === 1 && choices[0] !== undefined ? choices[0] : { kind: 'any', choices };
  }

  #sequence(flags: Flags): Regex {
    const parts: Regex[] = [];
    while (this.#at < this.#text.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const atom = this.#atom(flags);
      if (atom !== undefined) parts.push(this.#quantified(atom));
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'all', parts };
  }

  #quantified(atom: Regex): Regex {
    const bounds = this.#quantifier();
    if (bounds === undefined) return atom;
    this.#eat('?');
    if (this.#quantifier() !== undefined) throw new RegexSyntaxError('a repetition of a repetition');
    return { kind: 'repeat', of: atom, min: bounds[0], max: bounds[1] };
  }

  #quantifier(): [number, number] | undefined {
    if (this.#eat('*')) return [0, Infinity];
    if (this.#eat('+')) return [1, Infinity];
    if (this.#eat('?')) return [0, 1];
    const found = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(this.#text.slice(this.#at, this.#at + 14).join(''));
    if (found === null) return undefined;
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
    if (min > mostRepeats || (max !== Infinity && max > mostRepeats) || max < min) {
      throw new RegexSyntaxError(`invalid repetition ${found[0]}`);
    }
    return [min, max];
  }

  #atom(flags: Flags): Regex | undefined {
    const char = this.#peek();
    switch (char) {
      case '(':
        return this.#group(flags);
      case '[': {
        const parser = new ClassParser(this.#text, this.#at, flags.fold);
        const test = parser.bracket();
        this.#at = parser.at;
        return { kind: 'char', test };
      }
      case '.':
        this.#at++;
        return { kind: 'char', test: flags.dotAll ? () => true : (code) => code !== 10 };
      case '^':
        this.#at++;
        return { kind: 'assert', at: flags.multiline ? 'lineStart' : 'start' };
      case '$':
        this.#at++;
        return { kind: 'assert', at: flags.multiline ? 'lineEnd' : 'end' };
      case '*':
      case '+':
      case '?':
        throw new RegexSyntaxError('nothing to repeat');
      case '\\':
        return this.#escape(flags);
      default:
        this.#at++;
        return { kind: 'char', test: folded(char.codePointAt(0) ?? 0, flags.fold) };
    }
  }

  #escape(flags: Flags): Regex {
    const next = this.#text[this.#at + 1] ?? '';
    const asserts: { readonly [letter: string]: 'start' | 'end' | 'word' | 'notWord' } = {
      A: 'start',
      z: 'end',
      b: 'word',
      B: 'notWord',
    };
    const at = Object.hasOwn(asserts, next) ? asserts[next] : undefined;
    if (at !== undefined) {
      this.#at += 2;
      return { kind: 'assert', at };
    }
    if (next === 'Q') {
      this.#at += 2;
      const parts: Regex[] = [];
      while (this.#at < this.#text.length && !this.#eat('\\E')) {
        parts.push({ kind: 'char', test: folded(this.#peek().codePointAt(0) ?? 0, flags.fold) });
        this.#at++;
      }
      return { kind: 'all', parts };
    }
    const parser = new ClassParser(this.#text, this.#at, flags.fold);
    const test = parser.escape();
    this.#at = parser.at;
    return { kind: 'char', test };
  }

  #group(flags: Flags): Regex | undefined {
    this.#at++;
    let inner: Flags = { ...flags };
    if (this.#eat('?')) {
      const rest = this.#text.slice(this.#at, this.#at + 80).join('');
      const name = /^P?<\w+>/.exec(rest);
      const letters = /^([ims U]*)(?:-([imsU]+))?([:)])/.exec(rest);
      if (name !== null) this.#at += name[0].length;
      else if (letters !== null) {
        this.#at += letters[0].length;
        inner = {
          fold: (flags.fold || (letters[1] ?? '').includes('i')) && !(letters[2] ?? '').includes('i'),
          multiline:
            (flags.multiline || (letters[1] ?? '').includes('m')) && !(letters[2] ?? '').includes('m'),
          dotAll: (flags.dotAll || (letters[1] ?? '').includes('s')) && !(letters[2] ?? '').includes('s'),
        };
        if (letters[3] === ')') {
          Object.assign(flags, inner);
          return undefined;
        }
      } else throw new RegexSyntaxError(`unsupported group (?${rest.slice(0, 4)}`);
    }
    const regex = this.#choices(inner);
    if (!this.#eat(')')) throw new RegexSyntaxError('a ) is missing');
    return regex;
  }
}

/** Parses; throws RegexSyntaxError. */
export function parseRegex(source: string): Regex {
  return new Parser(source).parse();
}
