/** Reads the console blocks of a page that are marked as runnable. */

export interface Command {
  /** One shell command. */
  line: string;
  /** Lines that it is said to print. */
  expected: string[];
}

export interface Block {
  /** Programs it needs besides Node and Certwright. */
  needs: string[];
  commands: Command[];
}

const marked = /<!-- test: ([\w ]+) -->\n```console\n([\s\S]*?)```/gu;

export function consoleBlocks(text: string): Block[] {
  return [...text.matchAll(marked)].map(([, names = '', body = '']) => {
    const commands: Command[] = [];
    for (const line of body.split('\n')) {
      if (line.startsWith('$ ')) commands.push({ line: line.slice(2), expected: [] });
      else if (line !== '') commands.at(-1)?.expected.push(line);
    }
    return { needs: names.split(' ').filter((name) => name !== 'node' && name !== ''), commands };
  });
}

/** The expected lines that the output lacks, in their order. */
export function missingLines(expected: readonly string[], output: string): string[] {
  const lines = output.split('\n').map(squeezed);
  let from = 0;
  return expected.filter((line) => {
    const pattern = new RegExp(`^${squeezed(line).split('...').map(escaped).join('.*')}$`, 'u');
    const index = lines.findIndex((candidate, at) => at >= from && pattern.test(candidate));
    if (index < 0) return true;
    from = index + 1;
    return false;
  });
}

function squeezed(line: string): string {
  return line.replaceAll(/\s+/gu, ' ').trim();
}

function escaped(text: string): string {
  return text.trim().replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
}
