/** The entry point: the only place that reads arguments, environment and signals (in the image, `image-entry.ts` comes before). */
import { setFlagsFromString } from 'node:v8';
import { meansAcmesolver } from './acmesolver/means-acmesolver.ts';
import { batchedLines } from './batched-lines.ts';
import { exitCodes } from './errors.ts';
import type { Commands } from './program.ts';

/**
 * What bounds the memory of a process that serves and controls for months (docs/decisions/0004 has the measurements). V8 left
 * to itself holds more garbage than objects in the old generation and lets the young one grow to two halves of 16 MiB, and
 * glibc gives threads heaps of their own. The sizes are fixed before the first line of ours runs.
 */
const heapSizes = ['--max-semi-space-size=4', '--initial-old-space-size=40'];

/** V8 asks for these at every collection: keep pages full, and collect when a third has come on top of what is alive. */
const heapHabits = ['--optimize-for-size', '--heap-growing-percent=30'];

/** Replaces the process by itself (same pid, about 30 ms); where that does not exist only the habits change. */
function boundMemory(): void {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  // Whoever sizes the young generation himself knows why; and this is how we know that the replacement was done.
  const sized = given.includes('semi-space-size');
  if (!sized && typeof process.execve === 'function' && process.platform !== 'win32') {
    const roots = choosesRoots() ? [] : [systemRoots];
    const args = [process.execPath, ...process.execArgv, ...heapSizes, ...roots, ...process.argv.slice(1)];
    process.execve(process.execPath, args, { MALLOC_ARENA_MAX: '1', ...process.env });
  }
  if (!sized) setFlagsFromString('--semi-space-growth-factor=1');
  for (const habit of heapHabits) setFlagsFromString(habit);
}

/** Reads the roots of the machine when the first connection needs them. */
const systemRoots = '--use-system-ca';

/**
 * CAs and DNS providers are trusted by the roots of the machine, as by every other program on it, beside those that Node
 * brings: an administrator who adds a root to it, or mounts one, means us as well.
 */
async function trustSystemRoots(): Promise<void> {
  if (choosesRoots()) return;
  const tls = await import('node:tls');
  // Node 24.5 and newer.
  if (!('setDefaultCACertificates' in tls)) return;
  const roots = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
  tls.setDefaultCACertificates([...new Set(roots)]);
}

/** Somebody has said which roots Node trusts, us included; Node refuses two of these flags together. */
function choosesRoots(): boolean {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return /--use-(?:system|openssl|bundled)-ca\b/.test(given) || process.env['NODE_USE_SYSTEM_CA'] === '1';
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (['up', 'controller', 'cainjector'].includes(args[0] ?? '')) boundMemory();
  if (['up', 'controller', 'acme'].includes(args[0] ?? '')) await trustSystemRoots();

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
    cainjector: async (flags, surroundings) =>
      (await import('./cainjector/cainjector.ts')).cainjector(flags, surroundings),
    webhook: async (flags, surroundings) =>
      (await import('./webhook/webhook.ts')).webhook(flags, surroundings),
    acmesolver: async (solverArgs, surroundings) =>
      (await import('./acmesolver/acmesolver.ts')).runAcmesolver(solverArgs, surroundings),
  };
  const errors = batchedLines(
    (text) => void process.stderr.write(text),
    (task, ms) => void setTimeout(task, ms).unref(),
  );
  process.on('exit', () => errors.flush());
  const color = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
  const line = meansAcmesolver(args) && args[0] !== 'acmesolver' ? ['acmesolver', ...args] : args;
  process.exitCode = await runProgram(line, commands, {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => errors.write(text),
    color,
    pid: process.pid,
    signal: stop.signal,
  });
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
}

await main();
