/** Reads XML of AWS: elements and text, nothing else, within bounds. No DTD, so no entity can grow. */

/** An element. Attributes and namespaces are passed over; mixed text is joined. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface Open {
  name: string;
  children: XmlElement[];
  text: string;
}

const DEEPEST = 32;
const MOST_ELEMENTS = 50_000;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** One piece of markup: comment, CDATA, declaration, or tag. Sticky, so each character is looked at once. */
const MARKUP = /<(?:!--([\s\S]*?)-->|!\[CDATA\[([\s\S]*?)\]\]>|\?[\s\S]*?\?>|(\/?)([^\s/<>!?]+)([^<>]*)>)/uy;

/** The root element; undefined where the text is not XML as we read it, or beyond the bounds. */
export function parseXml(text: string): XmlElement | undefined {
  const open: Open[] = [{ name: '', children: [], text: '' }];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    const top = open.at(-1);
    if (top === undefined) return undefined;
    const next = text.indexOf('<', at);
    const end = next < 0 ? text.length : next;
    if (end > at) {
      const words = decoded(text.slice(at, end));
      if (words === undefined) return undefined;
      top.text += words;
      at = end;
      continue;
    }
    MARKUP.lastIndex = at;
    const found = MARKUP.exec(text);
    if (found === null) return undefined;
    at = MARKUP.lastIndex;
    const [, , cdata, closing, name, rest = ''] = found;
    if (cdata !== undefined) top.text += cdata;
    if (name === undefined) continue;
    const local = name.slice(name.indexOf(':') + 1);
    if (closing === '/') {
      if (open.length < 2 || top.name !== local) return undefined;
      open.pop();
    } else {
      elements += 1;
      if (elements > MOST_ELEMENTS || open.length > DEEPEST) return undefined;
      const element: Open = { name: local, children: [], text: '' };
      top.children.push(element);
      if (!rest.endsWith('/')) open.push(element);
    }
  }
  const [document] = open;
  if (open.length !== 1 || document?.children.length !== 1 || document.text.trim() !== '') return undefined;
  return document.children[0];
}

/** The text at a path below an element, trimmed; the first where there are several. Undefined where it is absent or empty. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  let here = element;
  for (const name of path) here = here?.children.find((child) => child.name === name);
  const text = here?.text.trim();
  return text === '' ? undefined : text;
}

/** All elements of a name below a path. */
export function allAt(element: XmlElement | undefined, ...path: readonly string[]): readonly XmlElement[] {
  let here: readonly XmlElement[] = element === undefined ? [] : [element];
  for (const name of path) here = here.flatMap((one) => one.children.filter((child) => child.name === name));
  return here;
}

/** Text as it stands in an element. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function decoded(text: string): string | undefined {
  let known = true;
  const result = text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));?/giu,
    (_all, decimal, hex, name) => {
      const entity =
        typeof name === 'string'
          ? ENTITIES[name]
          : character(typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16));
      if (entity === undefined) known = false;
      return entity ?? '';
    },
  );
  return known ? result : undefined;
}

function character(code: number): string | undefined {
  return code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}
