/** What this process answers to CAs that look for challenges: a bounded table by the UID of the Challenge. */
import { decodeIp, encodeIp } from '../../pki/x509/ip-address.ts';
import { isIP } from 'node:net';
import { AnswerTakenError, TooManyAnswersError } from './responder-errors.ts';

/** RFC 8555 §8.3. `domain`: DNS name or IP address, without brackets. */
export interface Http01Answer {
  domain: string;
  token: string;
  keyAuthorization: string;
}

/** RFC 8737 §3. `domain`: DNS name or IP address (RFC 8738 §4). Both PEM. */
export interface TlsAlpn01Answer {
  domain: string;
  certificate: string;
  key: string;
}

/** Far above what the schedule works on at once (60); a flood of Challenges must not fill the memory. */
export const defaultMostAnswers = 10_000;

interface Held<Answer> {
  uid: string;
  answer: Answer;
}

/** Shared by the listeners that read it and the solvers that fill it. */
export class ChallengeAnswers {
  readonly #most: number;
  readonly #byUid = new Map<string, { kind: 'http' | 'tls'; at: string }>();
  /** By host and token: a token belongs to one challenge of one CA. */
  readonly #http = new Map<string, Held<Http01Answer>>();
  readonly #tls = new Map<string, Held<TlsAlpn01Answer>>();

  constructor(options: { most?: number } = {}) {
    this.#most = options.most ?? defaultMostAnswers;
  }

  get size(): number {
    return this.#byUid.size;
  }

  /** How many of one kind: a listener without any has nothing to do. */
  count(kind: 'http' | 'tls'): number {
    return kind === 'http' ? this.#http.size : this.#tls.size;
  }

  /**
   * Of two Challenges with one token, the first keeps its answer: a CA of somebody's own can hand out a token that it has
   * seen elsewhere.
   * @throws TooManyAnswersError, AnswerTakenError
   */
  setHttp01(uid: string, answer: Http01Answer): void {
    const at = httpKey(answer.domain, answer.token);
    const holder = this.#http.get(at);
    if (
      holder !== undefined &&
      holder.uid !== uid &&
      holder.answer.keyAuthorization !== answer.keyAuthorization
    )
      throw new AnswerTakenError(answer.domain);
    this.#place(uid, { kind: 'http', at });
    this.#http.set(at, { uid, answer });
  }

  /**
   * False when another Challenge holds the name: a handshake names nothing but the host, so there is one answer at a
   * time (RFC 8737 §3); the other has to wait.
   * @throws TooManyAnswersError
   */
  setTlsAlpn01(uid: string, answer: TlsAlpn01Answer): boolean {
    const at = canonicalHost(answer.domain);
    const holder = this.#tls.get(at);
    if (holder !== undefined && holder.uid !== uid) return false;
    this.#place(uid, { kind: 'tls', at });
    this.#tls.set(at, { uid, answer });
    return true;
  }

  delete(uid: string): void {
    const place = this.#byUid.get(uid);
    if (place === undefined) return;
    this.#byUid.delete(uid);
    const table: Map<string, { uid: string }> = place.kind === 'http' ? this.#http : this.#tls;
    if (table.get(place.at)?.uid === uid) table.delete(place.at);
  }

  has(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  /** The key authorization, or undefined. `host` as canonicalHost makes it. */
  http01(host: string, token: string): string | undefined {
    return this.#http.get(httpKey(host, token))?.answer.keyAuthorization;
  }

  /** Whether some Challenge still answers with this, under whatever name: what goes by token alone is still needed. */
  isAnswered(token: string, keyAuthorization: string): boolean {
    for (const { answer } of this.#http.values())
      if (answer.token === token && answer.keyAuthorization === keyAuthorization) return true;
    return false;
  }

  /** By DNS name or IP address. */
  tlsAlpn01(domain: string): TlsAlpn01Answer | undefined {
    return this.#tls.get(canonicalHost(domain))?.answer;
  }

  #place(uid: string, place: { kind: 'http' | 'tls'; at: string }): void {
    const before = this.#byUid.get(uid);
    if (before?.kind === place.kind && before.at === place.at) return;
    if (before === undefined && this.#byUid.size >= this.#most) throw new TooManyAnswersError(this.#most);
    this.delete(uid);
    this.#byUid.set(uid, place);
  }
}

/** Lower case, without final dot; addresses in the one text that RFC 5952 leaves them. */
export function canonicalHost(host: string): string {
  if (isIP(host) !== 0 && !host.includes('%')) return decodeIp(encodeIp(host)) ?? host;
  return host.toLowerCase().replace(/\.$/, '');
}

function httpKey(domain: string, token: string): string {
  return `${canonicalHost(domain)}/${token}`;
}
