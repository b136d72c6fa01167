/** The answers of this process and the ways that they get out: HTTP-01 listener or webroot, TLS-ALPN-01 listener. */
import type { Clock } from '../../kube/clock.ts';
import { SolverNotServedError, SolverUnavailableError } from '../errors.ts';
import type { SolverLog } from '../deps.ts';
import type { ListenOn, ResponderSettings } from '../settings.ts';
import { ChallengeAnswers, type TlsAlpn01Answer } from './challenge-answers.ts';
import { startHttp01Listener, type ChallengeListener } from './http01-listener.ts';
import { OnDemandListener } from './on-demand.ts';
import { startTlsAlpn01Listener } from './tls-alpn01-listener.ts';
import { Webroot } from './webroot.ts';

export interface ResponderOptions {
  settings: ResponderSettings;
  /** Of the flags, for messages. */
  names: { http01: string; tlsAlpn01: string; webroot: string };
  /** Which listeners are open from the start and stay; the others open while there is something to answer. */
  always: { http01: boolean; tlsAlpn01: boolean };
  /** Where the webroot's journal is kept; needed with a webroot. */
  journal?: string;
  clock: Clock;
  log: SolverLog;
}

/** How long a Challenge takes that is in the way of another one. */
const turnMs = 5_000;

/** How HTTP-01 answers get out of the table: as files of a webroot, or over a listener that has to be open for it. */
export interface Http01Outlet {
  /** Resolves when the answer, which is in the table already, can be asked for. @throws SolverNotServedError, ListenError, WebrootError, TokenTakenError */
  write(token: string, keyAuthorization: string): Promise<void>;
  /** After it has left the table, and nothing but this answer. @throws WebrootError */
  remove(token: string, keyAuthorization: string): Promise<void>;
}

/** Everything is idempotent, like the solvers that call it. */
export class Responder {
  readonly answers = new ChallengeAnswers();
  readonly http01Outlet: Http01Outlet;
  readonly #options: ResponderOptions;
  readonly #http01: OnDemandListener | undefined;
  readonly #tlsAlpn01: OnDemandListener | undefined;
  readonly #webroot: Webroot | undefined;

  constructor(options: ResponderOptions) {
    this.#options = options;
    const { settings, names, always, clock, journal } = options;
    const { http01, tlsAlpn01, webroot } = settings;
    if (http01 !== undefined)
      this.#http01 = new OnDemandListener({
        clock,
        always: always.http01,
        needed: () => this.answers.count('http') > 0,
        start: () => this.#startHttp01(http01),
      });
    if (tlsAlpn01 !== undefined)
      this.#tlsAlpn01 = new OnDemandListener({
        clock,
        always: always.tlsAlpn01,
        needed: () => this.answers.count('tls') > 0,
        start: () => this.#startTlsAlpn01(tlsAlpn01),
      });
    if (webroot !== undefined) {
      if (journal === undefined) throw new TypeError('a webroot needs a journal');
      this.#webroot = new Webroot({ folder: webroot, journal });
    }
    this.http01Outlet = this.#webroot ?? {
      write: async () => {
        if (this.#http01 === undefined)
          throw new SolverNotServedError(
            `this process listens for no HTTP-01 challenges: start it with ${names.http01} or ${names.webroot}`,
          );
        await this.#http01.open();
      },
      remove: async () => this.#http01?.release(),
    };
  }

  /** Opens what is open from the start. @throws ListenError */
  async start(): Promise<void> {
    if (this.#options.always.http01) await this.#http01?.open();
    if (this.#options.always.tlsAlpn01) await this.#tlsAlpn01?.open();
  }

  /** Where HTTP-01 is answered right now, for a look straight at it. Undefined: nowhere. */
  get http01Address(): ListenOn | undefined {
    return this.#http01?.listener?.address;
  }

  get tlsAlpn01Address(): ListenOn | undefined {
    return this.#tlsAlpn01?.listener?.address;
  }

  /** @throws SolverNotServedError, SolverUnavailableError, ListenError, TooManyAnswersError */
  async putTlsAlpn01(uid: string, answer: TlsAlpn01Answer): Promise<void> {
    if (this.#tlsAlpn01 === undefined)
      throw new SolverNotServedError(
        `this process listens for no TLS-ALPN-01 challenges: start it with ${this.#options.names.tlsAlpn01}`,
      );
    if (!this.answers.setTlsAlpn01(uid, answer))
      throw new SolverUnavailableError(
        `another Challenge proves ${answer.domain} by TLS-ALPN-01 right now, and a handshake has room for one answer: this one waits for it`,
        { retryAfterMs: turnMs },
      );
    await this.#tlsAlpn01.open();
  }

  removeTlsAlpn01(uid: string): void {
    this.answers.delete(uid);
    this.#tlsAlpn01?.release();
  }

  /** Takes away what a crashed run left in the webroot; `live`: tokens of the Challenges that there are. @throws WebrootError */
  async sweep(live: ReadonlySet<string>): Promise<void> {
    const left = (await this.#webroot?.sweep(live)) ?? [];
    if (left.length > 0)
      this.#options.log.info({}, `removed ${left.length} files from the webroot that an earlier run left`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http01?.close(), this.#tlsAlpn01?.close()]);
  }

  #startHttp01(address: ListenOn): Promise<ChallengeListener> {
    const { log, names } = this.#options;
    return startHttp01Listener({
      address,
      answers: this.answers,
      setting: names.http01,
      webroot: names.webroot,
      onError: this.#onError,
      onRequest: ({ host, token, answered, remote }) =>
        log.debug(
          { host, token, remote },
          `${answered ? 'answered' : 'does not know'} a challenge of ${host}`,
        ),
    });
  }

  #startTlsAlpn01(address: ListenOn): Promise<ChallengeListener> {
    const { log, names } = this.#options;
    return startTlsAlpn01Listener({
      address,
      answers: this.answers,
      setting: names.tlsAlpn01,
      onError: this.#onError,
      onRequest: ({ domain, answered }) =>
        log.debug({ domain }, `${answered ? 'answered' : 'does not know'} a handshake for ${domain}`),
    });
  }

  readonly #onError = (error: Error): void =>
    this.#options.log.warn({ err: error }, 'a listener for challenges has trouble');
}
