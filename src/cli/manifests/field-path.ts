/** Kubernetes field paths such as `spec.dnsNames[0]` or `metadata.annotations[a.b/c]`, taken apart. */

export type PathElement = string | number;

/** Never throws: what cannot be understood becomes one name. */
export function fieldPathOf(path: string): PathElement[] {
  const elements: PathElement[] = [];
  let rest = path.startsWith('.') ? path.slice(1) : path;
  while (rest !== '') {
    if (rest.startsWith('[')) {
      const end = rest.indexOf(']');
      if (end < 0) return [...elements, rest];
      const inside = rest.slice(1, end);
      elements.push(/^\d{1,9}$/.test(inside) ? Number(inside) : unquote(inside));
      rest = rest.slice(end + 1);
      if (rest.startsWith('.')) rest = rest.slice(1);
      continue;
    }
    const end = rest.search(/[.[]/);
    // Keys of labels and annotations hold dots: the rest is one name (spec/api.md §10 `metadata.annotations.<key>`).
    const isKey =
      elements.length === 2 &&
      elements[0] === 'metadata' &&
      (elements[1] === 'annotations' || elements[1] === 'labels');
    if (end < 0 || isKey) return [...elements, rest];
    elements.push(rest.slice(0, end));
    rest = rest[end] === '.' ? rest.slice(end + 1) : rest.slice(end);
  }
  return elements;
}

function unquote(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
