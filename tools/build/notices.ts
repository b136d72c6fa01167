/** The licences of the packages whose code is in the built files: theirs ask to go along with it. */

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Below `dist/`. */
export const NOTICES = 'THIRD-PARTY-NOTICES.txt';

interface Notice {
  /** `name version (licence)`. */
  readonly title: string;
  readonly text: string;
}

/**
 * @param inputs of esbuild's metafiles, relative to `root`
 * @returns one text for each licence, under the packages that have it
 * @throws Error for a package that says nothing of its licence
 */
export async function noticesOf(root: string, inputs: Iterable<string>): Promise<string> {
  const folders = new Set([...inputs].map(packageFolder).filter((folder) => folder !== undefined));
  const notices = await Promise.all([...folders].toSorted().map((folder) => noticeOf(root, folder)));
  const titles = new Map<string, Set<string>>();
  for (const { title, text } of notices) titles.set(text, (titles.get(text) ?? new Set()).add(title));
  const parts = [...titles].map(([text, all]) => `${[...all].toSorted().join('\n')}\n\n${text}\n`);
  const line = `\n${'-'.repeat(80)}\n\n`;
  return `Packages whose code is part of certwright, and their licences.\n${line}${parts.join(line)}`;
}

/** Of a package inside another one's folder, too. */
function packageFolder(input: string): string | undefined {
  return /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(input)?.[1];
}

async function noticeOf(root: string, folder: string): Promise<Notice> {
  const at = path.join(root, folder);
  const about = JSON.parse(await readFile(path.join(at, 'package.json'), 'utf8')) as Record<string, unknown>;
  const [name, version, license] = ['name', 'version', 'license'].map((field) => about[field]);
  const files = (await readdir(at))
    .filter((file) => /^(?:licen[cs]e|copying|notice)\b/iu.test(file))
    .toSorted();
  const texts = await Promise.all(files.map((file) => readFile(path.join(at, file), 'utf8')));
  if (texts.length === 0 && typeof license !== 'string')
    throw new Error(`${folder} is part of the program and says nothing of its licence`);
  const text = texts.map((one) => one.replaceAll('\r\n', '\n').trim()).join('\n\n');
  return {
    title: [name, version, typeof license === 'string' ? `(${license})` : ''].filter(Boolean).join(' '),
    text:
      text === '' ? `Its package has no text of the licence; package.json says: ${String(license)}` : text,
  };
}
