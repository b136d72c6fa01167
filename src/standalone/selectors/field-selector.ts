/** Field selectors: `metadata.name=a,type!=b` (Kubernetes documentation: "Field Selectors"; apimachinery fields grammar). */
import { SelectorError } from './selector-error.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export interface FieldSelector {
  readonly text: string;
  readonly requirements: readonly FieldRequirement[];
  readonly empty: boolean;
  /** `valueOf` gives a field's value; undefined counts as empty. Whether a field may be asked for is the caller's to check. */
  matches(valueOf: (field: string) => string | undefined): boolean;
  /** The value that the field must have, when the selector fixes one. */
  exact(field: string): string | undefined;
}

const longestSelector = 65_536;
const mostRequirements = 100;

/** Splits at commas that no backslash precedes. */
function terms(text: string): string[] {
  const found: string[] = [];
  let term = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\\') {
      term += char + (text[++i] ?? '');
    } else if (char === ',') {
      found.push(term);
      term = '';
    } else term += char;
  }
  found.push(term);
  return found.filter((each) => each !== '');
}

function unescape(text: string): string {
  if (/\\(?![\\,=])/.test(text.replaceAll('\\\\', '')))
    throw new SelectorError('a backslash escapes only \\ , and =');
  return text.replaceAll(/\\([\\,=])/g, '$1');
}

function requirement(term: string): FieldRequirement {
  const found = /^([^=!\\]+)(==|!=|=)((?:\\.|[^=\\])*)$/s.exec(term);
  if (found === null)
    throw new SelectorError(`${JSON.stringify(term.slice(0, 200))} is not field=value or field!=value`);
  return { field: found[1] ?? '', operator: found[2] === '!=' ? '!=' : '=', value: unescape(found[3] ?? '') };
}

/** Parses; empty selects everything. Throws SelectorError. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text.length > longestSelector) throw new SelectorError('it is too long');
  const requirements = terms(text).map(requirement);
  if (requirements.length > mostRequirements)
    throw new SelectorError(`more than ${mostRequirements} requirements`);
  return {
    text,
    requirements,
    empty: requirements.length === 0,
    matches: (valueOf) =>
      requirements.every((each) => ((valueOf(each.field) ?? '') === each.value) === (each.operator === '=')),
    exact: (field) => requirements.find((each) => each.field === field && each.operator === '=')?.value,
  };
}
