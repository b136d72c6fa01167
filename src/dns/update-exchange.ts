/** Sends an update to one server and reads what it says to it (RFC 2136 §3, RFC 8945 §5). */
import type { DnsClock } from './clock.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { DnsError, MalformedMessageError, NoAnswerError, TsigError, UpdateRefusedError } from './errors.ts';
import { formatServerAddress } from './server-address.ts';
import { exchangeTcp } from './tcp.ts';
import { signMessage, verifyAnswer, type TsigKey } from './tsig.ts';
import { exchangeUdp, TooManyStrangersError, type PlainServer } from './udp.ts';
import { decodeUpdateAnswer, encodeUpdate, type TxtUpdate, type UpdateAnswer } from './update.ts';

export interface UpdateServer extends PlainServer {
  /** What is silent or truncated over UDP is asked over TCP: an update that is repeated changes nothing more. */
  protocol: 'UDP' | 'TCP';
  /** Absent: the update is not signed. */
  key?: TsigKey;
}

export interface UpdateDeps {
  clock: DnsClock;
  /** Uniform in [0, 65536), unpredictable. */
  randomId: () => number;
  /** For one try over one protocol; 10 s when absent. */
  timeoutMs?: number;
}

/**
 * Resolves on NOERROR. Rejects with UpdateRefusedError, TsigError or NoAnswerError. Over UDP, what is broken or not signed
 * as it must be may be anybody's: it is passed over until the time is up (RFC 8945 §5.4, RFC 5452 §9.1), and then the same
 * question is asked over TCP, where nobody else can answer. A server that has another key says so there.
 */
export async function sendUpdate(
  deps: UpdateDeps,
  server: UpdateServer,
  change: Omit<TxtUpdate, 'id'>,
  signal?: AbortSignal,
): Promise<void> {
  const id = deps.randomId();
  const plain = encodeUpdate({ ...change, id });
  const { bytes, mac } =
    server.key === undefined
      ? { bytes: plain, mac: Buffer.alloc(0) }
      : signMessage(plain, server.key, deps.clock.now());

  const read = (message: Buffer): UpdateAnswer | undefined => {
    const answer = decodeUpdateAnswer(message, id);
    // Refusals are checked as well: a forged one would keep a record from being written.
    if (answer !== undefined && server.key !== undefined)
      verifyAnswer(message, server.key, mac, deps.clock.now());
    return answer;
  };
  const within = <T>(attempt: (ending: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(deps.clock, deps.timeoutMs ?? 10_000, signal, attempt);
  const overTcp = async (): Promise<UpdateAnswer> => {
    const answer = read(await within((ending) => exchangeTcp(server, bytes, ending)));
    if (answer === undefined) throw new MalformedMessageError('the answer is to another update');
    return answer;
  };
  const overUdp = async (): Promise<UpdateAnswer> => {
    let doubtful: unknown;
    const readDatagram = (datagram: Buffer): UpdateAnswer | undefined => {
      try {
        return read(datagram);
      } catch (error) {
        const isAnybodys =
          error instanceof TsigError ? !error.signed : error instanceof MalformedMessageError;
        if (!isAnybodys) throw error;
        doubtful ??= error;
        return undefined;
      }
    };
    let answer: UpdateAnswer | undefined;
    try {
      answer = await within((ending) => exchangeUdp(server, bytes, readDatagram, ending));
    } catch (error) {
      if (!(error instanceof DeadlineError || error instanceof TooManyStrangersError)) throw error;
    }
    if (answer?.truncated === false) return answer;
    try {
      return await overTcp();
    } catch (error) {
      // Of a server that has no TCP, the datagram that did not hold says more than a closed port.
      signal?.throwIfAborted();
      throw error instanceof DnsError ? error : (doubtful ?? error);
    }
  };

  const where = formatServerAddress(server.address, server.port);
  let answer: UpdateAnswer;
  try {
    answer = server.protocol === 'TCP' ? await overTcp() : await overUdp();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DnsError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new NoAnswerError(
      `the server ${where} did not answer the update of ${change.fqdn}: ${why}`,
      [{ server: where, why, unreachable: false }],
      error,
    );
  }
  if (answer.rcode !== 'NOERROR')
    throw new UpdateRefusedError(
      `the server ${where} refused the update of ${change.fqdn} in zone ${change.zone}`,
      answer.rcode,
    );
}
