/** Finds the module specifiers of a TypeScript source: static, type-only, re-exported, side-effect and dynamic imports. */

export interface Specifier {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/**
 * `from '…'`, `import '…'`, `import('…')` and `import type … from '…'` all end in a quoted string right after `from`
 * or `import`. Type-only imports count on purpose: a type is knowledge of the other room as much as a value is.
 */
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*(?:'([^'\n]+)'|"([^"\n]+)")/gu;

/** Every module specifier in `source`, in order. Comments are blanked first so that prose cannot look like an import. */
export function specifiers(source: string): Specifier[] {
  const found: Specifier[] = [];
  const code = blankComments(source);
  for (const match of code.matchAll(SPECIFIER)) {
    const text = match[1] ?? match[2];
    if (text === undefined) continue;
    found.push({ text, line: code.slice(0, match.index).split('\n').length });
  }
  return found;
}

/** Replaces comments by spaces, keeping line breaks, and leaves string and template literals alone. */
function blankComments(source: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//gu;
  return source.replace(token, (text) => (text.startsWith('/') ? text.replace(/[^\n]/gu, ' ') : text));
}
