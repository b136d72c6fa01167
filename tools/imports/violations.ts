/** Holds a source tree against the rooms of the design: imports, names, lengths and READMEs. */

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { LONG_BY_NATURE, MAX_LINES, MAX_TEST_LINES, NAMELESS, ROOMS } from './rules.ts';
import { specifiers } from './specifiers.ts';

export interface Violation {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly line?: number;
  readonly rule: 'import' | 'name' | 'length' | 'readme' | 'room';
  readonly message: string;
}

/** Everything below `<root>/src` that breaks a rule, sorted by file. Reads the disk only; errors of the disk reject. */
export async function violations(root: string): Promise<Violation[]> {
  const found: Violation[] = [];
  await walk(root, 'src', found);
  return found.toSorted((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0));
}

async function walk(root: string, folder: string, found: Violation[]): Promise<void> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  const names = entries.map((entry) => entry.name);
  if (folder !== 'src' && entries.length > 0 && !names.includes('README.md')) {
    found.push({
      file: folder,
      rule: 'readme',
      message: 'has no README.md that says what the folder is for',
    });
  }
  for (const entry of entries) {
    const file = `${folder}/${entry.name}`;
    if (NAMELESS.includes(entry.name.replace(/\..*$/u, ''))) {
      found.push({ file, rule: 'name', message: 'is named after nothing: name it after the noun it serves' });
    }
    if (entry.isDirectory()) {
      if (folder === 'src' && !Object.hasOwn(ROOMS, entry.name)) {
        found.push({
          file,
          rule: 'room',
          message: 'is not a room of the design: add it to tools/imports/rules.ts',
        });
      }
      await walk(root, file, found);
    } else if (/\.(?:ts|tsx|mts)$/u.test(entry.name)) {
      const source = await readFile(path.join(root, file), 'utf8');
      found.push(...lengthViolation(file, source));
      if (!isTest(file)) found.push(...importViolations(file, source));
    }
  }
}

/** Tests may import what they need to build their world. */
function isTest(file: string): boolean {
  return /\.test\.tsx?$/u.test(file) || file.includes('/testing/');
}

function lengthViolation(file: string, source: string): Violation[] {
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  const limit = isTest(file) ? MAX_TEST_LINES : MAX_LINES;
  if (lines <= limit || LONG_BY_NATURE.includes(file)) return [];
  return [
    { file, rule: 'length', message: `has ${lines} lines, ${limit} are allowed: split it by what it does` },
  ];
}

/** The imports of one file that leave its room for one the table does not allow. Exported for its test. */
export function importViolations(file: string, source: string): Violation[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  const allowed = ROOMS[room];
  if (allowed === 'all' || allowed === undefined) return [];
  const found: Violation[] = [];
  for (const { text, line } of specifiers(source)) {
    if (!text.startsWith('.')) continue;
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), text));
    const other = roomOf(target);
    if (other === room || (other !== undefined && allowed.includes(other))) continue;
    const where = other === undefined ? `\`${target}\`, which is no room` : `room \`${other}\``;
    const may = allowed.length === 0 ? 'nothing of ours' : allowed.join(', ');
    found.push({ file, line, rule: 'import', message: `imports ${where}: \`${room}\` may import ${may}` });
  }
  return found;
}

function roomOf(file: string): string | undefined {
  const [top, room, rest] = file.split('/');
  return top === 'src' && rest !== undefined ? room : undefined;
}
