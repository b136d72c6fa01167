/** The pages that the tests hold to the truth. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

export interface Page {
  /** Relative to the repository. */
  path: string;
  text: string;
}

/** README, CONTRIBUTING, docs, decisions, and the pages of the examples. */
export function pages(): Page[] {
  const found = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).toSorted();
  return found.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function page(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** The rows of every table below a heading, first cell first; header rows are left out. */
export function tableRows(text: string, heading: string): string[][] {
  const begin = text.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`there is no heading "${heading}"`);
  const rest = text.slice(begin + heading.length + 2);
  const end = /^#{1,2} /mu.exec(rest)?.index ?? rest.length;
  const lines = rest.slice(0, end).split('\n');
  return lines.flatMap((line, index) => {
    const isRow =
      line.startsWith('|') && !line.startsWith('|--') && lines[index + 1]?.startsWith('|--') !== true;
    return isRow
      ? [
          line
            .split(/(?<!\\)\|/u)
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [];
  });
}

/** What stands between backticks. */
export function inCode(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/gu)].map((match) => match[1] ?? '');
}
