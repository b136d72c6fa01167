/** Writes a tar archive (POSIX ustar) whose bytes depend on nothing but the entries: sorted, without times or owners. */

/** One thing in an archive. Paths are relative, with `/` between segments and no leading or trailing one. */
export type TarEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const BLOCK = 512;
/** Eleven octal digits: what the size field of ustar can say. */
const LARGEST = 0o77777777777;

/**
 * The whole archive. Everything belongs to user and group 0 and was changed at second 0; folders that hold entries are
 * added where they are not named, with mode 0755.
 *
 * @throws RangeError for a path, link or file that ustar cannot hold, and for a path that is named twice
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new RangeError(`${entry.path} is in the archive twice`);
    if (!/^[^/]+(?:\/[^/]+)*$/u.test(entry.path) || entry.path.split('/').includes('..'))
      throw new RangeError(`${JSON.stringify(entry.path)} is no path of an archive`);
    byPath.set(entry.path, entry);
  }
  for (const path of byPath.keys()) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      const above = byPath.get(folder);
      if (above !== undefined && above.kind !== 'folder')
        throw new RangeError(`${path} is below ${folder}, which is no folder`);
      if (above === undefined) byPath.set(folder, { kind: 'folder', path: folder, mode: 0o755 });
    }
  }
  // By code unit: the order must not depend on a locale. A folder comes before what is in it.
  const sorted = [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts: Uint8Array[] = [];
  for (const entry of sorted) {
    parts.push(header(entry));
    if (entry.kind !== 'file') continue;
    const rest = entry.content.length % BLOCK;
    parts.push(entry.content);
    if (rest > 0) parts.push(Buffer.alloc(BLOCK - rest));
  }
  // Two empty blocks end an archive (POSIX.1-2017, pax, ustar Interchange Format).
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK);
  const size = entry.kind === 'file' ? entry.content.length : 0;
  if (size > LARGEST) throw new RangeError(`${entry.path} is larger than ustar can say`);
  const [prefix, name] = split(entry.kind === 'folder' ? `${entry.path}/` : entry.path);
  text(block, 0, 100, name);
  octal(block, 100, 8, entry.kind === 'link' ? 0o777 : entry.mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  text(block, 148, 8, ' '.repeat(8));
  text(block, 156, 1, { file: '0', link: '2', folder: '5' }[entry.kind]);
  if (entry.kind === 'link') text(block, 157, 100, entry.target);
  text(block, 257, 6, 'ustar\0');
  text(block, 263, 2, '00');
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  text(block, 345, 155, prefix);
  let sum = 0;
  for (const byte of block) sum += byte;
  text(block, 148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** A long path is cut at a slash: 155 bytes before it, 100 after it. */
function split(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155)
      return [prefix, name];
  }
  throw new RangeError(`${path} is too long for ustar`);
}

function text(block: Buffer, offset: number, length: number, value: string): void {
  if (Buffer.byteLength(value) > length) throw new RangeError(`${value} does not fit into ${length} bytes`);
  block.write(value, offset, length, 'utf8');
}

function octal(block: Buffer, offset: number, length: number, value: number): void {
  text(block, offset, length, `${value.toString(8).padStart(length - 1, '0')}\0`);
}
