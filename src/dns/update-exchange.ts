/** Sends an update to one server and reads what it says to it (RFC 2136 §3, RFC 8945 §5). */
import type { DnsClock } from './clock.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { DnsError, MalformedMessageError, NoAnswerError, UpdateRefusedError } from './errors.ts';
import { formatServerAddress } from './server-address.ts';
import { exchangeTcp } from './tcp.ts';
import { signMessage, verifyAnswer, type TsigKey } from './tsig.ts';
import { exchangeUdp, type PlainServer } from './udp.ts';
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

/** Resolves on NOERROR. Rejects with UpdateRefusedError, TsigError or NoAnswerError. */
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
    try {
      const answer = await within((ending) => exchangeUdp(server, bytes, read, ending));
      return answer.truncated ? await overTcp() : answer;
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      return await overTcp();
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
