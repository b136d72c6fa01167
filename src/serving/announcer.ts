/** What both kinds of certificate source keep: the certificate in use, what is wrong, and who wants to be told. */
import type { ServingCertificate, ServingLog } from './certificate-source.ts';

export class Announcer {
  readonly #listeners = new Set<(certificate: ServingCertificate) => void>();
  readonly #log: ServingLog;
  current: ServingCertificate | undefined;
  problem: string | undefined;

  constructor(log: ServingLog) {
    this.#log = log;
  }

  onChange(listener: (certificate: ServingCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  announce(certificate: ServingCertificate): void {
    const first = this.current === undefined;
    this.current = certificate;
    for (const listener of this.#listeners) listener(certificate);
    this.#log.info(first ? 'there is a serving certificate' : 'serving with a new certificate');
  }

  well(): void {
    this.problem = undefined;
  }

  /** Told once for each new reason. */
  ill(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    this.#log.warn(problem, { serving: this.current === undefined ? 'nothing' : 'the certificate before' });
  }
}
