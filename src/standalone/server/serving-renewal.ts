/** Keeps what a listener serves valid for as long as the process runs: its certificate, and the CA that signed it. */
import type { ServerLog } from '../server-log.ts';
import {
  servingCa,
  servingCertificate,
  type ServingCa,
  type ServingCertificate,
} from './serving-certificate.ts';

export interface ServingOptions {
  names: readonly string[];
  dataDir: string | undefined;
  random: (size: number) => Uint8Array;
  now: () => number;
  log: ServerLog | undefined;
  /** Puts a new certificate in place; `caChanged` when the CA certificate is new too. */
  install: (identity: ServingIdentity, caChanged: boolean) => void;
}

export interface ServingIdentity {
  ca: ServingCa;
  certificate: ServingCertificate;
}

const HOUR = 3_600_000;
/** Two thirds of the life of a serving certificate are behind it then. */
const RENEW_BEFORE = 122 * 24 * HOUR;

export class ServingRenewal {
  readonly #options: ServingOptions;
  readonly #timer: NodeJS.Timeout;
  #identity: ServingIdentity;
  #running: Promise<void> | undefined;

  private constructor(options: ServingOptions, identity: ServingIdentity) {
    this.#options = options;
    this.#identity = identity;
    // Looked at by the hour: a timer of months would not notice that the clock was set or the machine slept.
    this.#timer = setInterval(() => void this.check(), HOUR).unref();
  }

  /** Makes the first certificate, without `install`. @throws ListenError when the kept CA cannot be read */
  static async start(options: ServingOptions): Promise<ServingRenewal> {
    const ca = await servingCa(options);
    return new ServingRenewal(options, {
      ca,
      certificate: await servingCertificate(ca, options.names, options),
    });
  }

  get identity(): ServingIdentity {
    return this.#identity;
  }

  /** Renews when it is time. Failures are logged and tried again with the next look. */
  check(): Promise<void> {
    if (this.#identity.certificate.notAfter - this.#options.now() > RENEW_BEFORE) return Promise.resolve();
    this.#running ??= this.#renew().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #renew(): Promise<void> {
    const { names, log, install } = this.#options;
    try {
      const before = this.#identity.ca;
      const ca = await servingCa(this.#options, before);
      const next = { ca, certificate: await servingCertificate(ca, names, this.#options) };
      install(next, ca !== before);
      this.#identity = next;
      log?.info(
        { notAfter: new Date(next.certificate.notAfter).toISOString() },
        'the serving certificate of the API was renewed',
      );
    } catch (error) {
      log?.error(
        { err: error },
        'the serving certificate of the API could not be renewed and will be tried again within an hour',
      );
    }
  }
}
