/** Kubernetes' rules for names, label values and metadata maps, as sentences; undefined means that the text is fine. */
import { maximumAnnotationBytes } from '../api/limits.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${label}(?:\\.${label})*$`);
const qualifiedPart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** RFC 1123 as Kubernetes names objects. */
export function subdomainProblem(text: string): string | undefined {
  if (text.length > 253) return 'must be no more than 253 characters';
  if (subdomain.test(text)) return undefined;
  return 'must be a DNS-1123 subdomain: lower case letters, digits, "-" and ".", beginning and ending with a letter or digit, such as "example.com"';
}

/** Keys of labels and annotations: `[prefix/]name`. */
export function qualifiedNameProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash === 0) return 'has an empty prefix before "/"';
  if (slash > 0) {
    if (name.includes('/')) return 'has more than one "/"';
    const problem = subdomainProblem(key.slice(0, slash));
    if (problem !== undefined) return `the prefix ${problem}`;
  }
  if (name === '') return 'has an empty name';
  if (name.length > 63) return 'the name must be no more than 63 characters';
  if (qualifiedPart.test(name)) return undefined;
  return 'the name must be letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';
}

export function labelValueProblem(value: string): string | undefined {
  if (value === '') return undefined;
  if (value.length > 63) return 'must be no more than 63 characters';
  if (qualifiedPart.test(value)) return undefined;
  return 'must be empty, or letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';
}

/** All keys and values of annotations together. */
export function annotationsTooLarge(entries: readonly [string, unknown][]): boolean {
  let size = 0;
  for (const [key, value] of entries) {
    size += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  return size > maximumAnnotationBytes;
}
