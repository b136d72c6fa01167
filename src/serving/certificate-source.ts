/** Where the certificate of a TLS server comes from: files or an authority of our own. Both change while the server runs. */

/** PEM texts, as node:tls takes them. */
export interface ServingCertificate {
  /** Chain, leaf first. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateSource {
  /** Undefined until the first one is there. */
  readonly current: ServingCertificate | undefined;
  /** Why there is none, or why the one in use could not be renewed; undefined when all is well. */
  readonly problem: string | undefined;
  /** Called with every new certificate. Answers a function that ends it. */
  onChange(listener: (certificate: ServingCertificate) => void): () => void;
  /**
   * Keeps the certificate fresh until the signal aborts, then resolves. Call it once.
   * @throws ServingError when it gave up for good (files that could not be read twelve times in a row)
   */
  run(signal: AbortSignal): Promise<void>;
}

/** Tells of what happens; the levels are those of the log. */
export interface ServingLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
