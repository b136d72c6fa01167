/** One value of the chart: where it stands, what it is by default, what may be written, and what it does. */

/** A JSON Schema, as `values.schema.json` holds it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface ValueRow {
  /** In dots: `image.tag`. */
  path: string;
  default: unknown;
  schema: Schema;
  /** Markdown, one sentence or two. */
  meaning: string;
  /** The same key, with the same meaning, in cert-manager's chart. */
  peer: boolean;
  /** Of a deployment that is not always there: cainjector's is with `split: true`, the webhook's where admission needs it. */
  deploymentOnly?: boolean;
}

/** A key of cert-manager's chart that means nothing here: refused with the reason, unless it asks for nothing. */
export interface RefusedRow {
  path: string;
  /** Values that ask for nothing: the peer's default. Absent and empty always pass. */
  harmless?: readonly unknown[];
  reason: string;
}

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const list: Schema = { type: 'array' };
export const map: Schema = { type: 'object' };
export const texts: Schema = { type: 'array', items: { type: 'string' } };
export const textMap: Schema = { type: 'object', additionalProperties: { type: 'string' } };
export const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };
export const duration: Schema = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' };

export function integer(minimum: number): Schema {
  return { type: 'integer', minimum };
}

/** A number or a percentage. */
export const share: Schema = { type: ['integer', 'string', 'null'] };

/** `null` stands for "leave it to Kubernetes". */
export function optional(schema: Schema): Schema {
  return { ...schema, type: [schema['type'], 'null'].flat() };
}

export function oneOf(...values: readonly string[]): Schema {
  return { enum: values };
}

/** A value that cert-manager's chart has as well, with the same meaning. */
export function same(path: string, byDefault: unknown, schema: Schema, meaning: string): ValueRow {
  return { path, default: byDefault, schema, meaning, peer: true };
}

/** A value of this chart alone. */
export function own(path: string, byDefault: unknown, schema: Schema, meaning: string): ValueRow {
  return { path, default: byDefault, schema, meaning, peer: false };
}
