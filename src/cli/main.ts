/** The entry point: the only place that reads arguments, environment and signals. */
import { setFlagsFromString } from 'node:v8';
import { exitCodes } from './errors.ts';
import type { Commands } from './program.ts';

/**
 * Without a bound V8 lets the young generation grow to 16 MiB semi-spaces and more in a storm, which costs more memory
 * than everything else. The size is fixed when the heap is made, hence the replacement of the process (same pid,
 * about 30 ms); where that does not exist the growth alone is stopped.
 */
function boundYoungGeneration(): void {
  const flag = '--max-semi-space-size';
  const asked = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((argument) =>
    argument.includes('semi-space-size'),
  );
  if (asked) return;
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    const args = [process.execPath, ...process.execArgv, `${flag}=2`, ...process.argv.slice(1)];
    process.execve(process.execPath, args, process.env);
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === 'up' || args[0] === 'controller') boundYoungGeneration();

  const stop = new AbortController();
  const onSignal = (): void => {
    // The second time somebody is in a hurry: the store survives that.
    if (stop.signal.aborted) process.exit(exitCodes.failed);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A reader that goes away (`| head`) is no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  // Each command loads what it needs: `version` need not wait for an API server to load.
  const { runProgram } = await import('./program.ts');
  const commands: Commands = {
    up: async (flags, surroundings) => (await import('./up/up.ts')).up(flags, surroundings),
    controller: async (flags, surroundings) =>
      (await import('./controller/controller.ts')).controller(flags, surroundings),
  };
  const color = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
  process.exitCode = await runProgram(args, commands, {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color,
    pid: process.pid,
    signal: stop.signal,
  });
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
}

await main();
