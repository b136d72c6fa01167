/** Runs every marked console block of every page; what cannot run here is told, never passed over in silence. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { consoleBlocks, missingLines, type Block } from './console-blocks.ts';
import type { Session } from './console-session.ts';
import { pages } from './documents.ts';

/** `complete`: a program that is missing is a failure. Answers how many commands ran. */
export async function runPages(t: TestContext, session: Session, complete: boolean): Promise<number> {
  let ran = 0;
  for (const { path, text } of pages()) {
    const blocks = consoleBlocks(text);
    const runnable: Block[] = [];
    for (const block of blocks) {
      const lacking = session.lacks(block);
      if (lacking.length === 0) runnable.push(block);
      else {
        const first = block.commands[0]?.line ?? '';
        assert.ok(!complete, `${path}: "${first}" needs ${lacking.join(', ')}`);
        t.diagnostic(`left out of ${path}: "${first}" needs ${lacking.join(', ')}`);
      }
    }
    if (runnable.length === 0) continue;
    await t.test(path, async () => {
      const answers = await session.run(runnable);
      for (const [index, { commands }] of runnable.entries()) {
        for (const [step, { line, expected }] of commands.entries()) {
          const output = answers[index]?.[step] ?? '';
          const missing = missingLines(expected, output);
          assert.deepEqual(missing, [], `${path}: $ ${line}\nprints\n${output}`);
          ran += 1;
        }
      }
    });
  }
  return ran;
}
