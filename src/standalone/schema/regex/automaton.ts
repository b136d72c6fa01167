/** Thompson's construction, simulated with state sets: every text costs at most states x characters. */
import type { CharTest } from './char-class.ts';
import { wordChar } from './char-class.ts';
import type { Regex } from './parse-regex.ts';
import { RegexSyntaxError } from './regex-syntax-error.ts';

type Assert = Extract<Regex, { kind: 'assert' }>['at'];

type State =
  | { op: 'char'; test: CharTest; next: number }
  | { op: 'assert'; at: Assert; next: number }
  | { op: 'split'; a: number; b: number }
  | { op: 'match' };

export interface Automaton {
  /** The number of states. */
  readonly size: number;
  /** Whether the pattern occurs anywhere in the text. */
  test(text: string): boolean;
  /** Ends of matches that begin at `from` (an index into code points): the longest, or -1. */
  longest(codes: readonly number[], from: number): number;
}

const mostStates = 20_000;

class Builder {
  readonly states: State[] = [];

  add(state: State): number {
    if (this.states.length >= mostStates) throw new RegexSyntaxError('it is too large');
    return this.states.push(state) - 1;
  }

  /** Builds backwards: returns the state to enter so that `regex` is matched before `next`. */
  build(regex: Regex, next: number): number {
    switch (regex.kind) {
      case 'empty':
        return next;
      case 'char':
        return this.add({ op: 'char', test: regex.test, next });
      case 'assert':
        return this.add({ op: 'assert', at: regex.at, next });
      case 'all':
        return regex.parts.reduceRight((after, part) => this.build(part, after), next);
      case 'any':
        return regex.choices
          .map((choice) => this.build(choice, next))
          .reduceRight((b, a) => this.add({ op: 'split', a, b }));
      default:
        return this.#repeat(regex.of, regex.min, regex.max, next);
    }
  }

  #repeat(of: Regex, min: number, max: number, next: number): number {
    let entry = next;
    if (max === Infinity) {
      const loop = { op: 'split' as const, a: 0, b: next };
      entry = this.add(loop);
      loop.a = this.build(of, entry);
    } else {
      for (let i = min; i < max; i++) entry = this.add({ op: 'split', a: this.build(of, entry), b: next });
    }
    for (let i = 0; i < min; i++) entry = this.build(of, entry);
    return entry;
  }
}

function holds(at: Assert, before: number, after: number): boolean {
  switch (at) {
    case 'start':
      return before < 0;
    case 'end':
      return after < 0;
    case 'lineStart':
      return before < 0 || before === 10;
    case 'lineEnd':
      return after < 0 || after === 10;
    case 'word':
      return wordChar(before) !== wordChar(after);
    default:
      return wordChar(before) === wordChar(after);
  }
}

/** A run over one text: which states are alive. `entered` marks states by round, so that nothing is cleared. */
class Run {
  readonly #states: readonly State[];
  readonly #entered: Int32Array;
  #round = 0;
  #alive: number[] = [];
  matched = false;

  constructor(states: readonly State[]) {
    this.#states = states;
    this.#entered = new Int32Array(states.length);
  }

  /** Begins the states after the next character. */
  advance(code: number): number[] {
    const reached: number[] = [];
    for (const index of this.#alive) {
      const state = this.#states[index];
      if (state?.op === 'char' && state.test(code)) reached.push(state.next);
    }
    return reached;
  }

  enter(from: readonly number[], before: number, after: number): void {
    this.#round++;
    this.#alive = [];
    this.matched = false;
    const stack = [...from];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      const state = this.#states[index];
      if (state === undefined || this.#entered[index] === this.#round) continue;
      this.#entered[index] = this.#round;
      if (state.op === 'match') this.matched = true;
      else if (state.op === 'split') stack.push(state.b, state.a);
      else if (state.op === 'char') this.#alive.push(index);
      else if (holds(state.at, before, after)) stack.push(state.next);
    }
  }

  get dead(): boolean {
    return this.#alive.length === 0;
  }
}

/** Compiles; throws RegexSyntaxError when the automaton would be too large. */
export function compileAutomaton(regex: Regex): Automaton {
  const builder = new Builder();
  const start = builder.build(regex, builder.add({ op: 'match' }));
  const states = builder.states;
  return {
    size: states.length,
    test(text) {
      const run = new Run(states);
      let before = -1;
      let reached: number[] = [];
      for (let at = 0; ;) {
        const after = at < text.length ? (text.codePointAt(at) ?? -1) : -1;
        reached.push(start);
        run.enter(reached, before, after);
        if (run.matched) return true;
        if (after < 0) return false;
        reached = run.advance(after);
        before = after;
        at += after > 0xffff ? 2 : 1;
      }
    },
    longest(codes, from) {
      const run = new Run(states);
      let found = -1;
      let reached = [start];
      for (let at = from; reached.length > 0; at++) {
        const after = codes[at] ?? -1;
        run.enter(reached, codes[at - 1] ?? -1, after);
        if (run.matched) found = at;
        if (after < 0 || run.dead) break;
        reached = run.advance(after);
      }
      return found;
    },
  };
}
