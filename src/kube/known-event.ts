/** Watch events that tell what the answer of our own write has told already: recognised by their bytes, and not parsed. */

const versionField = Buffer.from('"resourceVersion":"');
/** How servers begin the events that store an object; any other event is parsed. */
const beginnings = ['{"type":"ADDED",', '{"type":"MODIFIED",'].map((text) => Buffer.from(text));
const quote = 0x22;
/** Of a 64-bit number. */
const longestVersion = 20;

/**
 * A bookmark of the same version, when the caller knows that version; undefined when the event has to be parsed.
 *
 * Every object has a resourceVersion, and inside of JSON strings quotes are escaped, so where the field stands exactly once
 * it is that of the object; one in whose annotations a key of that name stands has it twice, and is parsed.
 * @param line one event as a watch sends it
 */
export function bookmarkFor(line: Buffer, isKnown: (resourceVersion: string) => boolean): object | undefined {
  if (!beginnings.some((beginning) => line.subarray(0, beginning.length).equals(beginning))) return undefined;
  const field = line.indexOf(versionField);
  if (field === -1) return undefined;
  const start = field + versionField.length;
  const end = line.indexOf(quote, start);
  if (end === -1 || end - start > longestVersion) return undefined;
  const resourceVersion = line.toString('latin1', start, end);
  if (line.includes(versionField, end) || !isKnown(resourceVersion)) return undefined;
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion } } };
}
