/** What is wrong with a DNS name in a certificate (RFC 5280 §4.2.1.6, RFC 1034 §3.5, RFC 6125 for wildcards). */

export type DnsFault =
  | 'empty'
  | 'too-long'
  | 'empty-label'
  | 'long-label'
  | 'characters'
  | 'underscore'
  | 'hyphen'
  | 'wildcard';

/** The first fault of `name`, the gravest first; undefined for a name that every client takes. */
export function dnsFault(name: string): DnsFault | undefined {
  if (name.trim() === '') return 'empty';
  if (name.length > 253) return 'too-long';
  const labels = name.split('.');
  if (labels.includes('')) return 'empty-label';
  if (labels.some((label) => label.length > 63)) return 'long-label';
  if (!/^[A-Za-z0-9_*.-]+$/u.test(name)) return 'characters';
  if (labels.some((label, index) => label.includes('*') && (index > 0 || label !== '*'))) return 'wildcard';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) return 'hyphen';
  return name.includes('_') ? 'underscore' : undefined;
}
