/** The text format of Prometheus, version 0.0.4: headers, samples, escaping. */
import type { MetricDescription } from './catalogue.ts';

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Labels come from objects that anybody may write: a megabyte in an issuer's name must not become seven in each scrape. */
const longestLabel = 512;

const special = /[\\"\n]/;

/** A label's value between quotes: backslash, quote and line feed are escaped, what is too long is cut. */
export function quoted(value: string): string {
  const text = value.length > longestLabel ? `${value.slice(0, longestLabel)}…` : value;
  if (!special.test(text)) return `"${text}"`;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

export function header({ name, type, help }: MetricDescription): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
}

/** `{a="1",b="2"}`; nothing without labels. `values` in the order of `names`. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, i) => `${name}=${quoted(values[i] ?? '')}`).join(',')}}`;
}

export function number(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
