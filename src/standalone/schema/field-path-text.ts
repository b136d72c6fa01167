/** How field paths are written: `spec.dnsNames[0]`, `metadata.labels[example.com/a]`. */

const plain = /^[^.[\]]+$/;

/** The path of a named field under `parent`; names that hold dots or brackets are bracketed. */
export function fieldPath(parent: string, name: string): string {
  if (!plain.test(name)) return `${parent}[${name}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

export function indexPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}
