/** The program of a solver Pod (spec/acme.md §9): answers one HTTP-01 challenge. Loads nothing of the rest: its Pod has 64 MiB. */
import { messageOf } from '../../api/message-of.ts';
import { untilAborted } from '../../kube/until-aborted.ts';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { canonicalHost } from '../../solvers/responder/challenge-answers.ts';
import { startHttp01Listener } from '../../solvers/responder/http01-listener.ts';
import { exitCodes } from '../errors.ts';

export interface AcmesolverSurroundings {
  err: (text: string) => void;
  /** Aborted by SIGTERM. */
  signal: AbortSignal;
}

export interface AcmesolverOptions {
  port: number;
  domain: string;
  token: string;
  key: string;
}

/** Resolves to the exit code after the signal. */
export async function runAcmesolver(args: readonly string[], on: AcmesolverSurroundings): Promise<number> {
  const given = args[0] === 'acmesolver' ? args.slice(1) : args;
  const options = readOptions(given);
  if (typeof options === 'string') {
    on.err(`certwright: acmesolver: ${options}\n(certwright acmesolver --help shows what there is)\n`);
    return exitCodes.usage;
  }
  const { port, domain, token, key } = options;
  try {
    const host = canonicalHost(domain);
    const listener = await startHttp01Listener({
      address: { host: '', port },
      setting: '--listen-port',
      healthPaths: ['/', '/healthz'],
      answers: { http01: (asked, of) => (asked === host && of === token ? key : undefined) },
      onRequest: (seen) =>
        on.err(
          `${seen.answered ? 'answered' : 'does not know'} ${JSON.stringify(seen.host)} token ${JSON.stringify(seen.token)} for ${seen.remote}\n`,
        ),
      onError: (error) => on.err(`a connection could not be accepted: ${error.message}\n`),
    });
    on.err(`answers for ${domain} on port ${listener.address.port}\n`);
    await untilAborted(on.signal);
    await listener.close();
    return exitCodes.ok;
  } catch (error) {
    on.err(`certwright: acmesolver: ${messageOf(error)}\n`);
    return exitCodes.environment;
  }
}

/** Or what is wrong with them. */
function readOptions(args: readonly string[]): AcmesolverOptions | string {
  let values: Record<string, string | undefined>;
  try {
    const text = { type: 'string' } as const;
    const options = { 'listen-port': { ...text, default: '8089' }, domain: text, token: text, key: text };
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    return messageOf(error);
  }
  const { domain = '', token = '', key = '' } = values;
  const port = Number(values['listen-port']);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return '--listen-port must be a number from 0 to 65535';
  for (const [flag, value] of Object.entries({ domain, token, key }))
    if (value === '') return `--${flag} is missing`;
  // An address may come as it stands in a URL.
  const bare = domain.replace(/^\[(.*)\]$/, '$1');
  return { port, domain: isIP(bare) === 0 ? domain : bare, token, key };
}
