/** What can go wrong between us and a DNS provider, as types that say whether trying again can help. */

export type DnsProviderErrorCode =
  /** A Secret, an entry of it or an ambient credential is absent or unusable. */
  | 'dns-provider/credentials'
  /** Fields of the solver contradict each other, or ask for what cannot be done here. */
  | 'dns-provider/configuration'
  /** The provider knows the credentials and refuses them, or this use of them. */
  | 'dns-provider/denied'
  /** The account has no zone that could hold the name. */
  | 'dns-provider/zone-not-found'
  /** Somebody else changed the record between our reading and our writing. */
  | 'dns-provider/conflict'
  /** Any other refusal of what we asked for. */
  | 'dns-provider/refused'
  /** Too many requests. */
  | 'dns-provider/throttled'
  /** No answer, or one that says that the server has trouble. */
  | 'dns-provider/unavailable'
  /** An answer that is not what the provider documents. */
  | 'dns-provider/unexpected-answer'
  /** The change was taken and did not take effect within the time that we wait. */
  | 'dns-provider/timeout';

const RETRYABLE: ReadonlySet<DnsProviderErrorCode> = new Set([
  'dns-provider/conflict',
  'dns-provider/throttled',
  'dns-provider/unavailable',
  'dns-provider/timeout',
]);

export interface DnsProviderErrorFields {
  /** HTTP status; absent when no answer came. */
  status?: number;
  /** How long the provider asks us to wait. */
  retryAfterMs?: number;
  /** The provider's own word for what is wrong, such as `InvalidChangeBatch`. */
  reason?: string;
  cause?: unknown;
}

/**
 * Base of every error of a DNS provider. `code` is stable. Messages are for people and are the same for the same cause:
 * no request ids, no times, so that a status that carries one does not change from try to try. No credential is in them.
 */
export class DnsProviderError extends Error {
  readonly code: DnsProviderErrorCode;
  /** Whether the same call can succeed later without anybody changing configuration or credentials. */
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly reason: string | undefined;

  constructor(code: DnsProviderErrorCode, message: string, fields: DnsProviderErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.status = fields.status;
    this.retryAfterMs = fields.retryAfterMs;
    this.reason = fields.reason;
  }
}
