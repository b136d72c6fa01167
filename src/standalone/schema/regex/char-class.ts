/** Character classes of RE2: brackets, Perl and POSIX classes, Unicode properties, escapes. */
import { RegexSyntaxError } from './regex-syntax-error.ts';

/** Asks a code point. */
export type CharTest = (code: number) => boolean;

function digit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function letter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

export function wordChar(code: number): boolean {
  return digit(code) || letter(code) || code === 95;
}

function space(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 12 || code === 13;
}

function hex(code: number): boolean {
  return digit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

const posix: ReadonlyMap<string, CharTest> = new Map<string, CharTest>([
  ['alnum', (code) => digit(code) || letter(code)],
  ['alpha', letter],
  ['ascii', (code) => code < 128],
  ['blank', (code) => code === 9 || code === 32],
  ['cntrl', (code) => code < 32 || code === 127],
  ['digit', digit],
  ['graph', (code) => code > 32 && code < 127],
  ['lower', (code) => code >= 97 && code <= 122],
  ['print', (code) => code >= 32 && code < 127],
  ['punct', (code) => code > 32 && code < 127 && !digit(code) && !letter(code)],
  ['space', (code) => space(code) || code === 11],
  ['upper', (code) => code >= 65 && code <= 90],
  ['word', wordChar],
  ['xdigit', hex],
]);

const controls: { readonly [letter: string]: number } = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function swapCase(code: number): number {
  const text = String.fromCodePoint(code);
  const other = text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
  return Array.from(other).length === 1 ? (other.codePointAt(0) ?? code) : code;
}

/** A single character, in either case when `fold`. */
export function folded(code: number, fold: boolean): CharTest {
  const other = fold ? swapCase(code) : code;
  return other === code ? (each) => each === code : (each) => each === code || each === other;
}

/** Reads a class or an escape from `text` at `at`; afterwards `at` is behind it. */
export class ClassParser {
  at: number;
  readonly #text: readonly string[];
  readonly #fold: boolean;

  constructor(text: readonly string[], at: number, fold: boolean) {
    this.#text = text;
    this.at = at;
    this.#fold = fold;
  }

  #next(): string {
    const char = this.#text[this.at++];
    if (char === undefined) throw new RegexSyntaxError('the pattern ends too early');
    return char;
  }

  /** An escape that stands for one character or a class. */
  escape(): CharTest {
    const found = this.#escaped();
    return typeof found === 'number' ? folded(found, this.#fold) : found;
  }

  bracket(): CharTest {
    this.at++;
    const negated = this.#text[this.at] === '^';
    if (negated) this.at++;
    const ranges: [number, number][] = [];
    const tests: CharTest[] = [];
    for (let first = true; first || this.#text[this.at] !== ']'; first = false) {
      const low = this.#member();
      if (typeof low === 'function') {
        tests.push(low);
        continue;
      }
      let high = low;
      if (this.#text[this.at] === '-' && this.#text[this.at + 1] !== ']') {
        this.at++;
        const end = this.#member();
        if (typeof end === 'function' || end < low) throw new RegexSyntaxError('invalid character range');
        high = end;
      }
      ranges.push([low, high]);
    }
    this.at++;
    const within: CharTest = (code) => ranges.some((range) => code >= range[0] && code <= range[1]);
    const plain: CharTest =
      tests.length === 0 ? within : (code) => within(code) || tests.some((test) => test(code));
    const any: CharTest = this.#fold ? (code) => plain(code) || plain(swapCase(code)) : plain;
    return negated ? (code) => !any(code) : any;
  }

  #member(): number | CharTest {
    const char = this.#next();
    if (char === '\\') {
      this.at--;
      return this.#escaped();
    }
    if (char === '[' && this.#text[this.at] === ':') {
      const name = /^:(\^?)(\w+):\]/.exec(this.#text.slice(this.at, this.at + 12).join(''));
      const test = posix.get(name?.[2] ?? '');
      if (name === null || test === undefined) throw new RegexSyntaxError('unknown POSIX class');
      this.at += name[0].length;
      return name[1] === '^' ? (code) => !test(code) : test;
    }
    return char.codePointAt(0) ?? 0;
  }

  #escaped(): number | CharTest {
    this.at++;
    const char = this.#next();
    switch (char) {
      case 'd':
        return digit;
      case 'D':
        return (code) => !digit(code);
      case 'w':
        return wordChar;
      case 'W':
        return (code) => !wordChar(code);
      case 's':
        return space;
      case 'S':
        return (code) => !space(code);
      case 'p':
      case 'P':
        return this.#property(char === 'P');
      case 'x':
        return this.#hex();
      default:
        break;
    }
    const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
    if (control !== undefined) return control;
    if (char === '0') return 0;
    const code = char.codePointAt(0) ?? 0;
    if (digit(code) || letter(code)) throw new RegexSyntaxError(`unknown escape \\${char}`);
    return code;
  }

  #hex(): number {
    const found = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(
      this.#text.slice(this.at, this.at + 8).join(''),
    );
    const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
    if (found === null || code > 0x10ffff) throw new RegexSyntaxError('invalid \\x escape');
    this.at += found[0].length;
    return code;
  }

  #property(negated: boolean): CharTest {
    const found = /^(?:\{(\^?)([A-Za-z_]{1,40})\}|([A-Z]))/.exec(
      this.#text.slice(this.at, this.at + 44).join(''),
    );
    const name = found?.[2] ?? found?.[3];
    if (found === null || name === undefined) throw new RegexSyntaxError('invalid \\p escape');
    this.at += found[0].length;
    const inverted = negated !== (found[1] === '^');
    for (const query of [name, `Script=${name}`]) {
      try {
        const regex = new RegExp(`\\p{${query}}`, 'u');
        return (code) => regex.test(String.fromCodePoint(code)) !== inverted;
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
    throw new RegexSyntaxError(`unknown character property ${name}`);
  }
}
