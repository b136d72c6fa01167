/**
 * A cursor over an object of unknown shape that knows its path. Wrong types read as absent: the schema refuses them
 * before admission is asked, and nothing in here may throw whatever it is given.
 */
export class Field {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path = '') {
    this.value = value;
    this.path = path;
  }

  /** Neither absent nor null. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Empty when absent. */
  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  get number(): number | undefined {
    return typeof this.value === 'number' && Number.isFinite(this.value) ? this.value : undefined;
  }

  get isTrue(): boolean {
    return this.value === true;
  }

  /** The entries of a list; empty for anything else. */
  get items(): Field[] {
    return Array.isArray(this.value)
      ? this.value.map((item, index) => new Field(item, `${this.path}[${index}]`))
      : [];
  }

  /** The text entries of a list. */
  get texts(): string[] {
    return Array.isArray(this.value) ? this.value.filter((item) => typeof item === 'string') : [];
  }

  /** Entries of an object; none for anything else. */
  get entries(): [string, unknown][] {
    return isRecord(this.value) ? Object.entries(this.value) : [];
  }

  at(...names: string[]): Field {
    let value = this.value;
    for (const name of names) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return new Field(value, [this.path, ...names].filter((part) => part !== '').join('.'));
  }

  /** The same value under another path, where the refusal has to name a path that is not that of the field. */
  as(path: string): Field {
    return new Field(this.value, path);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
