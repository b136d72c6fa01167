/** Looks at the nesting of YAML before it is parsed: parsers take time, or the whole stack, for what is nested deep. */
import { Lexer } from 'yaml';

/** The lexer's mark in front of the text of a scalar, which may look like anything. */
const SCALAR = '\u001f';

/** Whether flow collections (`{`, `[`) are nested deeper than `most`. Takes time in proportion to the text, at most. */
export function isNestedDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (isScalar) isScalar = false;
    else if (token === SCALAR) isScalar = true;
    else if (token === '{' || token === '[') {
      if (++depth > most) return true;
    } else if (token === '}' || token === ']') depth = Math.max(0, depth - 1);
  }
  return false;
}
