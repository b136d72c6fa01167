/** The contract of a DNS provider: writes and removes the TXT record of a challenge (RFC 8555 §8.4). */

/** One TXT record. Names are absolute, lower-case A-labels with the final dot. */
export interface TxtRecord {
  /** Where to write, after CNAMEs were followed where the solver says so, for example `_acme-challenge.example.com.`. */
  fqdn: string;
  /** The zone that holds `fqdn`, for example `example.com.`. */
  zone: string;
  /** The value, unquoted. Other values at the same name belong to somebody else and stay. */
  value: string;
  /** The name that is proven, without `*.`: some providers look their credentials up by it. */
  domain: string;
}

/** What a provider may touch. Credentials come only through `secret`, which is bound to the issuer's namespace. */
export interface ProviderEnvironment {
  /**
   * The entry of a Secret in the namespace of the issuer, as text. Rejects with a DnsProviderError that names Secret
   * and entry when one of them does not exist.
   */
  secret(reference: { name: string; key?: string }): Promise<string>;
  /** A token of a ServiceAccount in the namespace of the issuer. Rejects where there is no cluster. */
  serviceAccountToken(name: string, audiences: readonly string[], expirationSeconds: number): Promise<string>;
  /** Whether credentials of the machine may be used: environment, files, metadata servers (acme.md §10.6). */
  ambient: boolean;
  /** Environment of the process, where `ambient` holds; else empty. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Zone that holds a name, for providers that look zones up under another name than `TxtRecord.fqdn`. */
  zoneOf(fqdn: string): Promise<string>;
  /** HTTP of the process: proxies, trust and bounds are set. Bodies are read up to 1 MiB. */
  http: ProviderHttp;
  now(): number;
  /** Resolves after that many milliseconds, or rejects when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Programs for the exec provider, from the configuration file alone. */
  programs: Readonly<Record<string, readonly string[]>>;
}

export interface ProviderHttp {
  request(request: {
    method: string;
    url: string;
    headers?: Readonly<Record<string, string>>;
    body?: string;
    signal?: AbortSignal;
  }): Promise<{ status: number; headers: Readonly<Record<string, string | undefined>>; body: string }>;
}

/** A provider with its configuration read and its credentials at hand. Made anew for each use; nothing is kept. */
export interface DnsProvider {
  /** Idempotent: resolves when the record is there, also when it was before. */
  present(record: TxtRecord, signal?: AbortSignal): Promise<void>;
  /** Idempotent: resolves when the value is gone, also when it never was there. */
  cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void>;
}

/** One folder under `providers/` exports one of these, and one line of `providers/registry.ts` names it. */
export interface DnsProviderType<Config> {
  /** The key under `solver.dns01`. */
  readonly key: string;
  /** For docs and the CLI. */
  readonly title: string;
  readonly documentation: string;
  /** Fields of the configuration that name Secret entries: for the check of the issuer (acme.md §3.3 step 4). */
  secretReferences(config: Config): readonly { name: string; key?: string }[];
  /** False: works only without a cluster. */
  readonly inCluster: boolean;
  create(config: Config, environment: ProviderEnvironment): Promise<DnsProvider>;
}
