/** The answers of this process and the ways that they get out: HTTP-01 listener or webroot, TLS-ALPN-01 listener. */
import type { Clock } from '../../kube/clock.ts';
import { SolverConflictError, SolverNotServedError } from '../errors.ts';
import type { SolverLog } from '../deps.ts';
import type { ListenOn, ResponderSettings } from '../settings.ts';
import { ChallengeAnswers, type Http01Answer, type TlsAlpn01Answer } from './challenge-answers.ts';
import { startHttp01Listener } from './http01-listener.ts';
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

/** Idempotent by UID, like the solvers that call it. */
export class Responder {
  readonly answers = new ChallengeAnswers();
  readonly #options: ResponderOptions;
  readonly #http01: OnDemandListener | undefined;
  readonly #tlsAlpn01: OnDemandListener | undefined;
  readonly #webroot: Webroot | undefined;
  /** Tokens in the webroot by UID. */
  readonly #files = new Map<string, string>();

  constructor(options: ResponderOptions) {
    this.#options = options;
    const { settings, names, always, clock, journal, log } = options;
    const { http01, tlsAlpn01, webroot } = settings;
    const answers = this.answers;
    const onError = (error: Error): void => log.warn({ err: error }, 'a listener for challenges has trouble');
    if (http01 !== undefined)
      this.#http01 = new OnDemandListener({
        clock,
        always: always.http01,
        needed: () => answers.count('http') > 0,
        start: async () =>
          startHttp01Listener({
            address: http01,
            answers,
            setting: names.http01,
            onError,
            onRequest: ({ host, token, answered, remote }) =>
              log.debug(
                { host, token, remote },
                `${answered ? 'answered' : 'does not know'} a challenge of ${host}`,
              ),
          }),
      });
    if (tlsAlpn01 !== undefined)
      this.#tlsAlpn01 = new OnDemandListener({
        clock,
        always: always.tlsAlpn01,
        needed: () => answers.count('tls') > 0,
        start: async () =>
          startTlsAlpn01Listener({
            address: tlsAlpn01,
            answers,
            setting: names.tlsAlpn01,
            onError,
            onRequest: ({ domain, answered }) =>
              log.debug({ domain }, `${answered ? 'answered' : 'does not know'} a handshake for ${domain}`),
          }),
      });
    if (webroot !== undefined) {
      if (journal === undefined) throw new TypeError('a webroot needs a journal');
      this.#webroot = new Webroot({ folder: webroot, journal });
    }
  }

  /** Opens what is open from the start. @throws ListenError */
  async start(): Promise<void> {
    if (this.#options.always.http01) await this.#http01?.open();
    if (this.#options.always.tlsAlpn01) await this.#tlsAlpn01?.open();
  }

  /** Where HTTP-01 is answered right now, for a look straight at it. Undefined: closed, or it is a webroot. */
  get http01Address(): ListenOn | undefined {
    return this.#http01?.listener?.address;
  }

  get tlsAlpn01Address(): ListenOn | undefined {
    return this.#tlsAlpn01?.listener?.address;
  }

  /**
   * For `http01.listener`: into the webroot where there is one, else the listener is there when this resolves.
   * @throws SolverNotServedError, ListenError, WebrootError, TooManyAnswersError
   */
  async putHttp01(uid: string, answer: Http01Answer): Promise<void> {
    const { names } = this.#options;
    if (this.#http01 === undefined && this.#webroot === undefined)
      throw new SolverNotServedError(
        `this process listens for no HTTP-01 challenges: start it with ${names.http01} or ${names.webroot}`,
      );
    this.answers.setHttp01(uid, answer);
    if (this.#webroot !== undefined) {
      this.#files.set(uid, answer.token);
      await this.#webroot.write(answer.token, answer.keyAuthorization);
      return;
    }
    await this.#http01?.open();
  }

  /** @throws SolverNotServedError, SolverConflictError, ListenError, TooManyAnswersError */
  async putTlsAlpn01(uid: string, answer: TlsAlpn01Answer): Promise<void> {
    if (this.#tlsAlpn01 === undefined)
      throw new SolverNotServedError(
        `this process listens for no TLS-ALPN-01 challenges: start it with ${this.#options.names.tlsAlpn01}`,
      );
    if (!this.answers.setTlsAlpn01(uid, answer))
      throw new SolverConflictError(
        `another Challenge proves ${answer.domain} by TLS-ALPN-01 right now, and a handshake has room for one answer: this one waits for it`,
      );
    await this.#tlsAlpn01.open();
  }

  /**
   * `token`: of an HTTP-01 Challenge, so that a file of an earlier run goes, too.
   * @throws WebrootError
   */
  async remove(uid: string, token?: string): Promise<void> {
    this.answers.delete(uid);
    const file = this.#files.get(uid) ?? token;
    if (this.#webroot !== undefined && file !== undefined) await this.#webroot.remove(file);
    this.#files.delete(uid);
    this.#http01?.release();
    this.#tlsAlpn01?.release();
  }

  /** What a crashed run left in the webroot; `live`: tokens of the Challenges that there are. */
  async sweep(live: ReadonlySet<string>): Promise<void> {
    const left = (await this.#webroot?.sweep(live)) ?? [];
    if (left.length > 0)
      this.#options.log.info({}, `removed ${left.length} files from the webroot that an earlier run left`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http01?.close(), this.#tlsAlpn01?.close()]);
  }
}
