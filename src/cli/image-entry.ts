/**
 * The entry point of the image (`dist/image-entry.js`): the program of a solver Pod itself, which has 64 MiB, or else the whole
 * program beside it. The latter must not even be read in a solver Pod (docs/decisions/0013-acmesolver-memory.md).
 */
import { runAcmesolver } from './acmesolver/acmesolver.ts';
import { meansAcmesolver } from './acmesolver/means-acmesolver.ts';

const args = process.argv.slice(2);
if (meansAcmesolver(args) && !args.some((arg) => arg === '--help' || arg === '-h')) {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  process.stderr.on('error', () => undefined);
  process.exitCode = await runAcmesolver(args, {
    err: (text) => void process.stderr.write(text),
    signal: stop.signal,
  });
} else {
  // Not a literal: the bundle of this file has to leave it where it is.
  const program = new URL('./certwright.js', import.meta.url).href;
  await import(program);
}
