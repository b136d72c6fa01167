/** Waits until the folder is applied, every Certificate is Ready and exported; tells how it goes on the way. */
import type { Certificate } from '../../api/certificate.ts';
import { certificates } from '../../api/resources.ts';
import type { Log } from '../../controllers/context.ts';
import type { KubeClient } from '../../kube/client.ts';
import { pause, type Clock } from '../../kube/clock.ts';
import type { ManifestFolder } from '../manifests/folder.ts';
import type { ExportLoop } from './export-loop.ts';
import { issuerTrouble } from './issuer-trouble.ts';
import { problemOf, type Problem } from './problem.ts';
import type { ReadinessBoard } from './readiness-board.ts';

export interface WaitOptions {
  board: ReadinessBoard;
  client: KubeClient;
  folder: ManifestFolder | undefined;
  exports: ExportLoop | undefined;
  clock: Clock;
  log: Log;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Outcome {
  ready: boolean;
  interrupted: boolean;
  /** What is wrong beside Certificates that are not Ready: manifests and exports. */
  problems: Problem[];
}

const progressMs = 1_000;
/** Between two looks at what was not Ready in time. */
const lateMs = 1_000;

export async function waitForEverything(options: WaitOptions): Promise<Outcome> {
  const { board, folder, clock, signal } = options;
  const begun = clock.now();
  const deadline = begun + options.timeoutMs;
  const teller = progressTeller(board, options.log);
  let keys: string[] = [];
  let listed = false;
  for (;;) {
    if (signal.aborted) return interrupted;
    const applied = folder === undefined || folder.state.settled;
    if (applied && !listed) {
      // What the API holds now is what has to become Ready, whether the watch has told of it yet or not.
      keys = await certificateKeys(options.client);
      listed = true;
    }
    if (listed && board.allReady(keys) && (await issuersAreDecided(options.client))) break;
    if (clock.now() >= deadline) break;
    // Counts of a folder that is half applied mislead, except where applying takes long.
    if (listed || clock.now() - begun > 2 * progressMs) teller.tell(clock.now());
    await nextNews(board, clock, signal, Math.min(progressMs, deadline - clock.now()));
    // A pass over the folder may have added to it.
    if (folder?.state.settled === false) listed = false;
  }
  const ready = listed && board.allReady(keys);
  teller.end();
  const problems = await problemsNow(options, keys);
  return { ready: ready && problems.length === 0, interrupted: false, problems };
}

/** After a wait that ended too soon: resolves once nothing is missing any more, however long that takes. */
export async function waitUntilReady(options: Omit<WaitOptions, 'timeoutMs'>): Promise<Outcome> {
  const { board, folder, clock, log, signal } = options;
  const teller = progressTeller(board, log);
  for (;;) {
    // Rejects only when interrupted.
    await pause(clock, lateMs, signal).catch(() => undefined);
    if (signal.aborted) return interrupted;
    teller.tell(clock.now());
    // What costs nothing is asked first: this may go on for days.
    if (board.notReady.size > 0) continue;
    if (folder !== undefined && (!folder.state.settled || folder.state.errors.length > 0)) continue;
    const keys = await certificateKeys(options.client);
    if (!board.allReady(keys)) continue;
    if ((await problemsNow(options, keys)).length > 0) continue;
    teller.end();
    return { ready: true, interrupted: false, problems: [] };
  }
}

const interrupted: Outcome = { ready: false, interrupted: true, problems: [] };

async function problemsNow(
  { client, folder, exports }: Omit<WaitOptions, 'timeoutMs'>,
  keys: readonly string[],
): Promise<Problem[]> {
  const problems = (folder?.state.errors ?? []).map(problemOf);
  for (const { title, cause } of await issuerTrouble(client))
    problems.push({ object: title, message: `is not Ready: ${cause}` });
  await exports?.settle(keys);
  for (const key of keys) {
    for (const message of exports?.problemsOf(key) ?? [])
      problems.push({ object: `Certificate ${key}`, message });
  }
  return problems;
}

/** Page by page: only the keys stay in memory. */
async function certificateKeys(client: KubeClient): Promise<string[]> {
  const keys: string[] = [];
  let next: string | undefined;
  do {
    const { items, metadata } = await client.list<Certificate>(certificates, {
      metadataOnly: true,
      limit: 500,
      continue: next,
    });
    for (const { metadata: its } of items) keys.push(`${its?.namespace ?? ''}/${its?.name ?? ''}`);
    next = metadata.continue;
  } while (next !== undefined && next !== '');
  return keys;
}

/** Whether waiting can change anything about them. */
async function issuersAreDecided(client: KubeClient): Promise<boolean> {
  return (await issuerTrouble(client)).every(({ final }) => final);
}

interface ProgressTeller {
  /** One line when the count changed, at most one a second. */
  tell(now: number): void;
  /** The last count, unless it was told. */
  end(): void;
}

function progressTeller(board: ReadinessBoard, log: Log): ProgressTeller {
  let last = '';
  let next = 0;
  const say = (): boolean => {
    if (board.total === 0) return false;
    const waiting = [...board.notReady].slice(0, 5).join(', ');
    const more = board.notReady.size > 5 ? ` and ${board.notReady.size - 5} more` : '';
    const line = `${board.total - board.notReady.size} of ${board.total} Certificates are Ready${waiting === '' ? '' : `; waiting for ${waiting}${more}`}`;
    if (line === last) return false;
    last = line;
    log.info({ progress: true }, line);
    return true;
  };
  return {
    tell(now) {
      if (now >= next && say()) next = now + progressMs;
    },
    end: () => void say(),
  };
}

/** Resolves at the next change of a Certificate, after `delayMs`, or when interrupted. */
async function nextNews(
  board: ReadinessBoard,
  clock: Clock,
  signal: AbortSignal,
  delayMs: number,
): Promise<void> {
  let wake: () => void = () => undefined;
  const elapsed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  // Applying a folder changes no Certificate when it brings none: look at it soon, too.
  const timer = clock.after(Math.min(delayMs, 100), wake);
  signal.addEventListener('abort', wake, { once: true });
  await Promise.race([board.changed(), elapsed]);
  signal.removeEventListener('abort', wake);
  timer.cancel();
}
