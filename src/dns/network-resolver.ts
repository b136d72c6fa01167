/** A resolver over UDP, TCP and HTTPS that asks the servers it is given, one after the other (acme.md §10.3). */
import type { Dispatcher } from 'undici';
import type { DnsClock } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { exchangeHttps } from './doh.ts';
import { DnsConfigurationError, MalformedMessageError, NoAnswerError, type Attempt } from './errors.ts';
import { decodeAnswer, encodeQuery, type DecodedAnswer, type Question } from './message.ts';
import { absoluteName } from './names.ts';
import type { DnsAnswer, DnsResolver, QueryOptions, RecordType } from './resolver.ts';
import { formatServerAddress, namedServer, parseServerAddress } from './server-address.ts';
import { exchangeTcp } from './tcp.ts';
import { exchangeUdp, type PlainServer } from './udp.ts';

export interface NetworkResolverDeps {
  clock: DnsClock;
  /** Uniform in [0, 65536), from a source that nobody can predict (RFC 5452 §4.3). */
  randomId: () => number;
  /** Who carries a request to an `https://` server; undici's own when absent. */
  dispatcherFor?: (url: URL) => Dispatcher;
  /** Addresses of servers that are given by name, as `kube-dns.kube-system:53`; without it such servers are refused. */
  lookup?: (host: string) => Promise<readonly string[]>;
  /** One server has this long in all; 10 s when absent. */
  timeoutMs?: number;
}

/** A datagram that is lost is sent again over TCP after half of the time. */
const udpShare = 0.5;

/** Of a server that is given by name. */
const mostAddresses = 2;

/** Answers that say that this server cannot tell; another one may. */
const shrugs: ReadonlySet<string> = new Set(['SERVFAIL', 'REFUSED', 'FORMERR', 'NOTIMP']);

export function createNetworkResolver(deps: NetworkResolverDeps): DnsResolver {
  const timeoutMs = deps.timeoutMs ?? 10_000;

  const overPlain = async (
    server: PlainServer,
    question: Question,
    message: Buffer,
    signal: AbortSignal | undefined,
  ): Promise<DecodedAnswer> => {
    try {
      const answer = await withDeadline(deps.clock, timeoutMs * udpShare, signal, (ending) =>
        exchangeUdp(server, message, (datagram) => decodeAnswer(datagram, question), ending),
      );
      if (!answer.truncated) return answer;
    } catch (error) {
      signal?.throwIfAborted();
      // A closed port is closed for TCP as well, as a rule; a lost or broken datagram is what TCP is for.
      if (codeOf(error) === 'ECONNREFUSED' || isUnreachable(error)) throw error;
    }
    const bytes = await withDeadline(deps.clock, timeoutMs * (1 - udpShare), signal, (ending) =>
      exchangeTcp(server, message, ending),
    );
    return answerTo(bytes, question);
  };

  const ask = async (
    text: string,
    name: string,
    type: RecordType,
    options: QueryOptions,
  ): Promise<DecodedAnswer> => {
    const server = parseServerAddress(text);
    // RFC 8484 §4.1: id 0, so that caches in between can work.
    const question: Question = { id: server.kind === 'https' ? 0 : deps.randomId(), name, type };
    const message = encodeQuery(question, options.recursionDesired ?? true);
    if (server.kind === 'plain') return await overPlain(server, question, message, options.signal);
    const bytes = await withDeadline(deps.clock, timeoutMs, options.signal, (ending) =>
      exchangeHttps(server.url, message, deps.dispatcherFor?.(new URL(server.url)), ending),
    );
    return answerTo(bytes, question);
  };

  /** Nobody can stop the system's look-up; it is not waited for. */
  const lookUp = (host: string, ending: AbortSignal): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      ending.addEventListener('abort', () => reject(ending.reason as Error), { once: true });
      (deps.lookup?.(host) ?? Promise.resolve([])).then(resolve, reject);
    });

  const addressesOf = async (text: string, signal: AbortSignal | undefined): Promise<readonly string[]> => {
    const named = deps.lookup === undefined ? undefined : namedServer(text);
    if (named === undefined) return [text];
    const found = await withDeadline(deps.clock, timeoutMs, signal, (ending) => lookUp(named.host, ending));
    if (found.length === 0) throw new MalformedMessageError(`${named.host} has no address`);
    return found.slice(0, mostAddresses).map((address) => formatServerAddress(address, named.port));
  };

  /** By the next address of a server that is given by name, where one is silent. */
  const askNamed = async (
    text: string,
    name: string,
    type: RecordType,
    options: QueryOptions,
  ): Promise<DecodedAnswer> => {
    const addresses = await addressesOf(text, options.signal);
    for (const address of addresses.slice(0, -1)) {
      try {
        return await ask(address, name, type, options);
      } catch {
        options.signal?.throwIfAborted();
      }
    }
    return ask(addresses.at(-1) ?? text, name, type, options);
  };

  return {
    async query(name: string, type: RecordType, options: QueryOptions): Promise<DnsAnswer> {
      const asked = absoluteName(name);
      const attempts: Attempt[] = [];
      let shrug: DnsAnswer | undefined;
      let cause: unknown;
      for (const server of options.servers) {
        try {
          const { truncated: _, ...answer } = await askNamed(server, asked, type, options);
          if (!shrugs.has(answer.rcode)) return { server, ...answer };
          shrug ??= { server, ...answer };
        } catch (error) {
          options.signal?.throwIfAborted();
          if (error instanceof DnsConfigurationError) throw error;
          attempts.push({ server, why: reasonOf(error), unreachable: isUnreachable(error) });
          cause = error;
        }
      }
      if (shrug !== undefined) return shrug;
      const told = attempts.map((attempt) => `${attempt.server}: ${attempt.why}`).join('; ');
      throw new NoAnswerError(
        `no name server answered what ${type} records ${asked} has (${told === '' ? 'none is configured' : told})`,
        attempts,
        cause,
      );
    },
  };
}

function answerTo(bytes: Buffer, question: Question): DecodedAnswer {
  const answer = decodeAnswer(bytes, question);
  if (answer === undefined) throw new MalformedMessageError('the answer is to another question');
  return answer;
}

/** In words that stay the same from attempt to attempt. */
function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (isUnreachable(error)) return 'the network has no way there';
  return error instanceof Error && error.message !== '' ? error.message.slice(0, 200) : code;
}

/** Whether the machine has no route to an address, which says nothing about the server there. */
function isUnreachable(error: unknown): boolean {
  return ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
