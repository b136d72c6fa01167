/** How operator's commands answer: aligned lines for people, the same facts as JSON or YAML for programs. */
import { stringify } from 'yaml';
import { oneOf } from '../../option-values.ts';
import type { Surroundings } from '../../program.ts';

export const answerFormats = ['text', 'json', 'yaml'] as const;
export type AnswerFormat = (typeof answerFormats)[number];

export const answerFormat = (output: string): AnswerFormat => oneOf('--output', output, answerFormats);

/** @param text for people, with a newline at its end */
export function print(out: Surroundings['out'], format: AnswerFormat, facts: object, text: string): void {
  // A CA's words, and those of whoever writes objects: none of them may drive a terminal.
  if (format === 'text') out(text.replaceAll(/(?!\n)\p{Cc}/gu, ''));
  else out(format === 'json' ? `${JSON.stringify(facts, undefined, 2)}\n` : stringify(facts));
}

/** `Name:   value`, the values below each other; empty ones are left out. */
export function aligned(rows: readonly (readonly [string, string | undefined])[]): string {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== '');
  const width = Math.max(...shown.map(([name]) => name.length)) + 1;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}  ${value}\n`).join('');
}
