/** Names of Orders and Challenges: FNV-1 over JSON as Go's encoding/json writes it, so that ours are cert-manager's (acme.md §4, §5). */

/**
 * How a Go struct is written: its fields in declared order. `true`: left out when empty (`omitempty`); `'kept'`: written
 * even when empty, as pointers to empty strings are; a shape: a struct behind a pointer, left out when absent;
 * `{ always }`: a struct by value, written even when nothing of it is set; `{ each }`: a list of structs.
 */
export interface GoShape {
  readonly [field: string]:
    | true
    | 'kept'
    | GoShape
    | { readonly always: GoShape }
    | { readonly each: GoShape };
}

/** JSON of a struct. Fields that the shape does not name are not written. */
export function goStruct(value: Readonly<Record<string, unknown>>, shape: GoShape): string {
  const parts: string[] = [];
  for (const [field, how] of Object.entries(shape)) {
    const text = goField(value[field], how);
    if (text !== undefined) parts.push(`${goValue(field)}:${text}`);
  }
  return `{${parts.join(',')}}`;
}

function goField(value: unknown, how: GoShape[string]): string | undefined {
  if (how === true) return isEmpty(value) ? undefined : goValue(value);
  if (how === 'kept') return value === undefined || value === null ? undefined : goValue(value);
  if (isAlways(how)) return goStruct(isRecord(value) ? value : {}, how.always);
  if (isEach(how)) {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    return `[${value.map((item: unknown) => goStruct(isRecord(item) ? item : {}, how.each)).join(',')}]`;
  }
  return isRecord(value) ? goStruct(value, how) : undefined;
}

const isAlways = (how: object): how is { always: GoShape } =>
  'always' in how && typeof how.always === 'object';
const isEach = (how: object): how is { each: GoShape } => 'each' in how && typeof how.each === 'object';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

/** JSON of what has no declared order: keys of maps are sorted; `<`, `>`, `&` and two line separators are escaped. */
export function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(',')}]`;
  if (isRecord(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    // Go sorts by bytes, which for well-formed text is the order of code points.
    entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${entries.map(([key, item]) => `${goValue(key)}:${goValue(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null).replace(/[<>&\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** 32-bit FNV-1 (multiply, then xor), in decimal. */
export function fnv1(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return String(hash);
}

/** Longest part of an owner's name that goes into the name of what it owns. */
export const longestPrefix = 52;

/** `<prefix>-<hash>`: the owner's name cut to 52 characters and back to the last letter or digit. */
export function nameAfter(owner: string, hashed: string): string {
  let end = Math.min(longestPrefix, owner.length);
  while (end > 0 && !/[A-Za-z0-9]/u.test(owner.charAt(end - 1))) end--;
  return `${owner.slice(0, end)}-${fnv1(hashed)}`;
}

/** cert-manager's IssuerReference. */
export const issuerReferenceShape: GoShape = { name: 'kept', kind: true, group: true };
