/** A cursor over an object in CEL that knows its field path: what `Field` is for functions, as text of expressions. */

/** A text that is put together when the expression runs: literals and CEL expressions of type string in turn. */
export type Words = readonly (string | { readonly cel: string })[];

/** A CEL string literal. */
export function literal(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\\x00');
  return `'${escaped}'`;
}

/** CEL that joins the words. */
export function joined(words: Words): string {
  const parts: string[] = [];
  let open = '';
  for (const word of words) {
    if (typeof word === 'string') {
      open += word;
      continue;
    }
    if (open !== '') parts.push(literal(open));
    open = '';
    parts.push(word.cel);
  }
  if (open !== '' || parts.length === 0) parts.push(literal(open));
  return parts.join(' + ');
}

export class Place {
  readonly #root: string;
  readonly #names: readonly string[];
  readonly path: Words;

  /** `root` is CEL that cannot be absent: `object`, `oldObject` or the variable of a loop. */
  constructor(root: string, path: Words = [], names: readonly string[] = []) {
    this.#root = root;
    this.path = path;
    this.#names = names;
  }

  at(...names: string[]): Place {
    const path = this.path.length === 0 ? [names.join('.')] : [...this.path, `.${names.join('.')}`];
    return new Place(this.#root, path, [...this.#names, ...names]);
  }

  /** The same value under another path, where refusals name a path that is not that of the field. */
  as(...path: Words): Place {
    return new Place(this.#root, path, this.#names);
  }

  /** CEL of type optional. */
  get optional(): string {
    return this.#root + this.#names.map((name) => `.?${name}`).join('');
  }

  or(fallback: string): string {
    return this.#names.length === 0 ? this.#root : `${this.optional}.orValue(${fallback})`;
  }

  get text(): string {
    return this.or("''");
  }

  get items(): string {
    return this.or('[]');
  }

  get number(): string {
    return this.or('0');
  }

  get isTrue(): string {
    return this.or('false');
  }

  get present(): string {
    return `${this.optional}.hasValue()`;
  }

  get absent(): string {
    return `!${this.present}`;
  }

  get isEmpty(): string {
    return `${this.text} == ''`;
  }

  get isSet(): string {
    return `${this.text} != ''`;
  }
}
