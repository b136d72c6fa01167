/** Commands on the node that `tools/cluster` started, and on the host outside it, for the tests of this folder. */

import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the node's Ingress and Gateway listen: `KC_NODE_IP` of `tools/cluster/env.sh`. */
export const NODE_ADDRESS = '10.77.0.2';
/** The image as `tools/cluster/run.ts` built it. */
export const IMAGE = { repository: 'localhost/certwright', tag: 'node-lane' } as const;

function lane(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests are run by "npm run test:node"`);
  return value;
}

/** The folder with `images/` and `run/`. */
export function home(): string {
  return lane('CERTWRIGHT_NODE_HOME');
}

/**
 * Runs a command inside the node's namespaces, as its root. The files of the machine are seen there.
 *
 * @returns stdout
 * @throws Error with stderr, when it fails or takes longer than three minutes
 */
export async function inNode(command: readonly string[], input?: string): Promise<string> {
  const child = run(lane('CERTWRIGHT_NODE'), [...command], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 180_000,
  });
  // A command that reads nothing may have ended by now. What it says of itself decides.
  child.child.stdin?.on('error', () => undefined).end(input ?? '');
  return (await child).stdout;
}

/** On a host that is not part of the cluster and reaches only the node's address. */
export function outside(command: readonly string[], input?: string): Promise<string> {
  return inNode(['ip', 'netns', 'exec', 'outside', ...command], input);
}

export function kubectl(...args: readonly string[]): Promise<string> {
  return inNode(['kubectl', ...args]);
}

/** As its administrator applies it. */
export async function apply(manifest: string): Promise<void> {
  await inNode(['kubectl', 'apply', '-f', '-'], manifest);
}

/** One object, or a list, as the API has it. */
export async function get<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
}

/**
 * Asks again and again until there is an answer. The cluster has its own clock: there is nothing here that could be moved.
 *
 * @param probe undefined: not yet; an Error counts as that too, and is told when the time is up
 * @returns the answer and how long it took, in seconds
 */
export async function eventually<T>(
  what: string,
  limitSeconds: number,
  probe: () => Promise<T | undefined>,
  pauseMs = 200,
): Promise<{ value: T; seconds: number }> {
  const begin = performance.now();
  let last: unknown = 'no answer';
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return { value, seconds: (performance.now() - begin) / 1000 };
      last = 'no answer';
    } catch (error) {
      last = error;
    }
    if (performance.now() - begin > limitSeconds * 1000)
      throw new Error(`not within ${limitSeconds} s: ${what}`, { cause: last });
    await wait(pauseMs);
  }
}
