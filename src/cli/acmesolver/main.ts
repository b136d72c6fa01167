/** The entry point of `dist/acmesolver.js`, which solver Pods run: arguments and signals in, nothing else loaded. */
import { runAcmesolver } from './acmesolver.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
process.stderr.on('error', () => undefined);
process.exitCode = await runAcmesolver(process.argv.slice(2), {
  err: (text) => void process.stderr.write(text),
  signal: stop.signal,
});
