/** One line of comma-separated values with quoting (RFC 4180 §2), as the subject annotations have it. */

/** The fields, or the reason for people why the text is not one such line. */
export function csvLine(text: string): { fields: readonly string[] } | { problem: string } {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return { problem: 'a quoted value is not closed by "' };
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ',')
        return { problem: 'something follows the closing " of a value; values are separated by commas' };
    } else {
      const comma = text.indexOf(',', at);
      field = text.slice(at, comma < 0 ? undefined : comma);
      at += field.length;
      if (field.includes('"'))
        return {
          problem: 'a " inside of a value; put the whole value in quotes and write "" for each of its own',
        };
    }
    if (/[\r\n]/u.test(field)) return { problem: 'more than one line' };
    fields.push(field);
    if (at >= text.length) return { fields };
    at++;
  }
}
