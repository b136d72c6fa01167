/** Everything between a call and the wire: directory, account URL, nonces, signatures, refusals (RFC 8555 §6). */
import type { AccountKey } from './account-key.ts';
import type { AcmeDirectory } from './acme-client.ts';
import { header, location, type Headers } from './answer-headers.ts';
import type { AcmeAction } from './create-client.ts';
import { withDeadline } from './deadline.ts';
import { parseDirectory } from './directory.ts';
import { AcmeProblemError, AcmeProtocolError, AcmeTransportError } from './errors.ts';
import { sign } from './jws.ts';
import { NoncePool } from './nonce-pool.ts';
import { problemError } from './problem.ts';
import { roundTrip, type Answer, type TripContext } from './round-trip.ts';

/** What a call is for and how long it may take. */
export interface Call {
  action: AcmeAction;
  signal: AbortSignal;
}

export interface SessionSettings extends TripContext {
  directoryUrl: string;
  key: AccountKey;
  accountUrl?: string;
  now: () => number;
  random: () => number;
  /** Waits; rejects when the signal aborts. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const maxBytes = 1 << 20;
/** A call ends after this, whatever it waits for (acme.md §2.1). */
export const callTimeoutMs = 90_000;
const directoryLifeMs = 3_600_000;
/** A CA that cannot be asked for its directory is used by the old one for so long. */
const staleDirectoryMs = 24 * 3_600_000;
/** Refused nonces in a row before a call gives up. With half of all nonces refused, one call in thirty million does. */
const maxNonceRefusals = 25;
/** By its end, as the peer has it: CAs have written other prefixes (acme.md §2.3). */
const badNonce = /:badNonce$/iu;
const maxRedirects = 3;

export class Session {
  readonly nonces: NoncePool;
  readonly #settings: SessionSettings;
  #directory: { value: AcmeDirectory; at: number } | undefined;
  #fetchingDirectory: Promise<AcmeDirectory> | undefined;
  #account: string | undefined;
  #findingAccount: Promise<string> | undefined;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.nonces = new NoncePool(settings.now);
    this.#account = settings.accountUrl;
  }

  get key(): AccountKey {
    return this.#settings.key;
  }
  get now(): number {
    return this.#settings.now();
  }
  set account(url: string) {
    this.#account = url;
  }

  async directory(call: Call): Promise<AcmeDirectory> {
    const known = this.#directory;
    if (known !== undefined && Math.abs(this.now - known.at) < directoryLifeMs) return known.value;
    // Shared by all who wait, so it ends by its own time and not by one caller's signal.
    this.#fetchingDirectory ??= this.#fetchDirectory(call.action).finally(() => {
      this.#fetchingDirectory = undefined;
    });
    try {
      return await orAborted(this.#fetchingDirectory, call.signal);
    } catch (error) {
      const canWait = error instanceof AcmeTransportError || error instanceof AcmeProblemError;
      if (known === undefined || call.signal.aborted || !canWait || this.now - known.at > staleDirectoryMs)
        throw error;
      return known.value;
    }
  }

  async #fetchDirectory(action: AcmeAction): Promise<AcmeDirectory> {
    const { body, url } = await withDeadline(callTimeoutMs, undefined, (signal) =>
      this.get(this.#settings.directoryUrl, { action, signal }),
    );
    const value = parseDirectory(body, url);
    this.#directory = { value, at: this.now };
    return value;
  }

  /** The account's URL, looked up by key when nobody has said it (RFC 8555 §7.3.1). */
  async accountUrl(call: Call): Promise<string> {
    if (this.#account !== undefined) return this.#account;
    this.#findingAccount ??= this.#findAccount().finally(() => {
      this.#findingAccount = undefined;
    });
    return await orAborted(this.#findingAccount, call.signal);
  }

  async #findAccount(): Promise<string> {
    const { url } = await withDeadline(callTimeoutMs, undefined, (signal) =>
      this.newAccount({ onlyReturnExisting: true }, { action: 'get_registration', signal }),
    );
    return url;
  }

  /** `payload` as RFC 8555 §7.3 has it; remembers the account that the CA names. */
  async newAccount(payload: unknown, call: Call): Promise<{ url: string; answer: Answer }> {
    const { newAccount } = await this.directory(call);
    const answer = await this.post(newAccount, payload, call, { byKey: true });
    const url = location(answer.headers, newAccount);
    if (url === undefined)
      throw new AcmeProtocolError("The CA's answer names no account (Location)", { status: answer.status });
    this.#account = url;
    return { url, answer };
  }

  /** POST, or POST-as-GET where `payload` is undefined. Resolves with 2xx only. */
  async post(
    url: string,
    payload: unknown,
    call: Call,
    options: { byKey?: boolean; accept?: string; maxBytes?: number } = {},
  ): Promise<Answer> {
    const { key } = this.#settings;
    const identity = options.byKey === true ? { jwk: key.jwk } : { kid: await this.accountUrl(call) };
    for (let refusals = 0; ;) {
      const nonce = await this.#nonce(call);
      const body = JSON.stringify(await sign(key, identity, url, payload, nonce));
      const answer = await roundTrip(this.#settings, {
        method: 'POST',
        url,
        body,
        accept: options.accept,
        maxBytes: options.maxBytes ?? maxBytes,
        ...call,
      });
      const isFine = answer.status >= 200 && answer.status < 300;
      const error = isFine ? undefined : this.#refusal(answer, 'POST', url);
      const isNonceRefused = error instanceof AcmeProblemError && badNonce.test(error.problem.type);
      // Those that were kept are likely as dead as this one was; the answer brings a fresh one.
      if (isNonceRefused) this.nonces.clear();
      this.nonces.add(header(answer.headers, 'replay-nonce'));
      if (error === undefined) return answer;
      refusals += 1;
      if (!isNonceRefused || refusals > maxNonceRefusals) throw error;
      if (refusals > 3)
        await this.#settings.pause(
          Math.min(250, 20 * 2 ** (refusals - 3)) * (0.5 + this.#settings.random()),
          call.signal,
        );
    }
  }

  /** Plain GET, for directory and renewal information; follows a few redirects that stay on https. */
  async get(url: string, call: Call): Promise<Answer & { url: string }> {
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const answer = await roundTrip(this.#settings, { method: 'GET', url: at, maxBytes, ...call });
      if (answer.status >= 200 && answer.status < 300) return { ...answer, url: at };
      const next = answer.status >= 300 && answer.status < 400 ? location(answer.headers, at) : undefined;
      if (next === undefined || redirects >= maxRedirects) throw this.#refusal(answer, 'GET', at);
      at = next;
    }
  }

  #nonce({ action, signal }: Call): Promise<string> {
    // Fetched for whoever waits first, which need not be this caller: it ends by its own time.
    return this.nonces.take(
      () => withDeadline(callTimeoutMs, undefined, (own) => this.#fetchNonce({ action, signal: own })),
      signal,
    );
  }

  async #fetchNonce(call: Call): Promise<void> {
    const { newNonce } = await this.directory(call);
    const answer = await roundTrip(this.#settings, { method: 'HEAD', url: newNonce, maxBytes, ...call });
    if (answer.status >= 300) throw this.#refusal(answer, 'HEAD', newNonce);
    if (!this.nonces.add(header(answer.headers, 'replay-nonce')))
      throw new AcmeProtocolError('The CA gave no usable nonce (Replay-Nonce)', { status: answer.status });
  }

  #refusal(answer: Answer, method: string, url: string): AcmeProblemError | AcmeProtocolError {
    const { newNonce, newAccount, newOrder } = this.#directory?.value ?? {};
    // The CA has moved: look at the directory again before the next call.
    if ((answer.status === 404 || answer.status === 405) && [newNonce, newAccount, newOrder].includes(url))
      this.#directory = undefined;
    if (answer.status < 400)
      return new AcmeProtocolError(
        `The CA answers ${method} ${url.slice(0, 300)} with ${answer.status}${redirected(answer.headers, url)}`,
        { status: answer.status },
      );
    const isDirectory = url === this.#settings.directoryUrl;
    return problemError(answer, { method, url, isDirectory }, this.now);
  }
}

function redirected(headers: Headers, url: string): string {
  const to = location(headers, url);
  return to === undefined ? '' : ` and points to ${to.slice(0, 300)}; give the address that it redirects to`;
}

/** The value, unless the signal aborts first; the work goes on for the others. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody else may be there to hear how it ends.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
