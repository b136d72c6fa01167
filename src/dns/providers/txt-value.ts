/** TXT values in the quoted form of zone files (RFC 1035 §5.1), in which several providers store them. */

/** `abc` to `"abc"`, with quotes and backslashes escaped; longer than one character-string becomes several. */
export function quoted(value: string): string {
  const parts = value.match(/[\s\S]{1,255}/gu) ?? [''];
  return parts.map((part) => `"${part.replace(/["\\]/gu, String.raw`\$&`)}"`).join(' ');
}

/** The text that a stored value stands for, whether it is quoted or not, in one or several strings. */
export function unquoted(stored: string): string {
  const text = stored.trim();
  if (!text.startsWith('"')) return text;
  let value = '';
  let inside = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"') inside = !inside;
    else if (character === '\\' && at + 1 < text.length) {
      const decimal = /^\d{3}/u.exec(text.slice(at + 1, at + 4))?.[0];
      value += decimal === undefined ? (text[at + 1] ?? '') : String.fromCharCode(Number(decimal));
      at += decimal === undefined ? 1 : 3;
    } else if (inside) value += character;
  }
  return value;
}

/** The stored values with `value` among them, once; undefined where it is there already. */
export function withValue(stored: readonly string[], value: string): string[] | undefined {
  return stored.some((one) => unquoted(one) === value) ? undefined : [...stored, quoted(value)];
}

/** The stored values without `value`; undefined where it is not there. */
export function withoutValue(stored: readonly string[], value: string): string[] | undefined {
  const rest = stored.filter((one) => unquoted(one) !== value);
  return rest.length === stored.length ? undefined : rest;
}
