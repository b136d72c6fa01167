/** What the documentation names exists: links, files, flags, annotations. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';
import { inCode, pages, root } from './docs/documents.ts';

const all = pages();
const flagPattern = /(?<![\w-])--[a-z][\w-]+/gu;

describe('links', () => {
  for (const { path, text } of all) {
    test(path, () => {
      const wrong = [...text.matchAll(/\]\(([^)\s]+)\)/gu)].flatMap(([, target = '']) => {
        if (/^[a-z]+:/u.test(target)) return [];
        const [file = '', fragment] = target.split('#');
        const linked = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(root, linked))) return [target];
        if (fragment === undefined) return [];
        return anchors(readFileSync(join(root, linked), 'utf8')).includes(fragment) ? [] : [target];
      });
      assert.deepEqual(wrong, []);
    });
  }
});

/** Headings as GitHub names them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('no two decisions have one number, and none is left out', () => {
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).toSorted();
  const numbers = files.map((file) => Number(/(\d{4})-[a-z0-9-]+\.md$/u.exec(file)?.[1]));
  assert.deepEqual(
    numbers,
    files.map((_, index) => index + 1),
  );
  for (const [index, file] of files.entries())
    assert.match(
      readFileSync(join(root, file), 'utf8'),
      new RegExp(`^# ${String(numbers[index]).padStart(4, '0')} `, 'u'),
    );
});

test('every file that a page names is in the repository', () => {
  const places = ['src', 'test', 'tools', 'docs', 'deploy', 'examples', 'bench'];
  const wrong = all.flatMap(({ path, text }) =>
    inCode(text)
      .filter((code) => places.some((place) => code.startsWith(`${place}/`)) && !/[<>\s*…{]|NNNN/u.test(code))
      .filter((code) => !existsSync(join(root, code)))
      .map((code) => `${path}: ${code}`),
  );
  assert.deepEqual(wrong, []);
});

test('every flag in a certwright command, and every flag that stands alone, is one of the program', () => {
  const surroundings = {
    env: {},
    out: () => undefined,
    err: () => undefined,
    color: false,
    pid: 0,
    signal: new AbortController().signal,
  };
  const never = (): never => assert.fail('help runs no command');
  const program = buildProgram(
    { up: never, controller: never, cainjector: never, webhook: never, acmesolver: never },
    surroundings,
    () => undefined,
  );
  const known = new Set(['--help', '--version']);
  const below = (command: Command): Command[] => [command, ...command.commands.flatMap(below)];
  for (const command of below(program)) {
    for (const { long } of command.options) if (long !== undefined && long !== null) known.add(long);
  }
  // The bench has flags of its own, and the program hands some to V8.
  for (const file of globSync(['bench/**/*.ts', 'src/cli/main.ts'], { cwd: root })) {
    for (const [flag] of readFileSync(join(root, file), 'utf8').matchAll(flagPattern)) known.add(flag);
  }
  // Of kubectl, npm, node, systemd and certbot: only in lines of theirs.
  const others = /kubectl|helm |docker|npm|node |openssl|keytool|cmctl|fuzz|useradd |systemctl |certbot /u;
  const wrong = all.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => !others.test(line) || /certwright (up|controller)/u.test(line))
      .flatMap((line) => [...line.matchAll(flagPattern)].map(([flag]) => flag))
      .filter((flag) => !known.has(flag))
      .map((flag) => `${path}: ${flag}`),
  );
  assert.deepEqual(wrong, []);
});

test('every annotation of ours is documented, and every documented one is in the code', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
  const named = (text: string): string[] =>
    [...text.matchAll(/certwright\.dev\/([a-z]+)/gu)].map(([, name = '']) => name);
  const inSources = new Set(sources.flatMap((path) => named(readFileSync(join(root, path), 'utf8'))));
  const inPages = new Set(all.flatMap(({ text }) => named(text)));
  assert.deepEqual([...inPages].toSorted(), [...inSources].toSorted());
});
