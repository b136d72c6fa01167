/** Whether a command line is that of a solver Pod. Loaded by every command, so it imports nothing. */

const flags = ['--listen-port', '--domain', '--token', '--key'];

/**
 * Solver Pods hand over arguments only, the same for every image (spec/acme.md §8.3): where they begin without a command,
 * they mean `acmesolver`.
 */
export function meansAcmesolver(args: readonly string[]): boolean {
  const [first = ''] = args;
  return first === 'acmesolver' || flags.includes(first.split('=', 1)[0] ?? '');
}
