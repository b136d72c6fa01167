/** What can go wrong between us and the DNS (for DNS providers see providers/errors.ts), as types that say whether asking again can help. */

export type DnsErrorCode =
  | 'dns/no-answer'
  | 'dns/malformed'
  | 'dns/name'
  | 'dns/configuration'
  | 'dns/rcode'
  | 'dns/cname-loop'
  | 'dns/zone-not-found'
  | 'dns/no-nameservers'
  | 'dns/update-refused'
  | 'dns/tsig';

/** Base of every error of this room. `code` is stable; messages are for people and carry no secret. */
export class DnsError extends Error {
  readonly code: DnsErrorCode;
  /** Whether the same call can succeed later without anybody changing it. */
  readonly retryable: boolean;

  constructor(code: DnsErrorCode, retryable: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

/** What happened at one server. */
export interface Attempt {
  server: string;
  why: string;
  /** This machine has no route there, which says nothing about the server. */
  unreachable: boolean;
}

/** No server answered: time-outs, refused connections, answers that are not for us. */
export class NoAnswerError extends DnsError {
  /** What happened at each server, in the order they were asked. */
  readonly attempts: readonly Attempt[];

  constructor(message: string, attempts: readonly Attempt[], cause?: unknown) {
    super('dns/no-answer', true, message, cause);
    this.attempts = attempts;
  }
}

/** Bytes that are no DNS message, or one outside our bounds. */
export class MalformedMessageError extends DnsError {
  constructor(message: string, cause?: unknown) {
    super('dns/malformed', true, message, cause);
  }
}

/** Text that cannot be a domain name. */
export class DomainNameError extends DnsError {
  constructor(message: string) {
    super('dns/name', false, message);
  }
}

/** A server address, key or algorithm that cannot be used as it was configured. */
export class DnsConfigurationError extends DnsError {
  constructor(message: string, cause?: unknown) {
    super('dns/configuration', false, message, cause);
  }
}

/** A server answered with an rcode that answers nothing, such as SERVFAIL or REFUSED. */
export class RcodeError extends DnsError {
  readonly rcode: string;
  readonly server: string;

  constructor(message: string, rcode: string, server: string) {
    super('dns/rcode', true, message);
    this.rcode = rcode;
    this.server = server;
  }
}

export class CnameLoopError extends DnsError {
  constructor(message: string) {
    super('dns/cname-loop', true, message);
  }
}

export class ZoneNotFoundError extends DnsError {
  constructor(message: string) {
    super('dns/zone-not-found', true, message);
  }
}

export class NoNameserversError extends DnsError {
  constructor(message: string, cause?: unknown) {
    super('dns/no-nameservers', true, message, cause);
  }
}

/** The server answered an UPDATE with something else than NOERROR (RFC 2136 §2.2). */
export class UpdateRefusedError extends DnsError {
  readonly rcode: string;

  constructor(message: string, rcode: string) {
    super('dns/update-refused', true, message);
    this.rcode = rcode;
  }
}

/** Signatures of transactions that do not hold, ours or the server's (RFC 8945 §5.3). */
export class TsigError extends DnsError {
  /** BADSIG, BADKEY, BADTIME, BADTRUNC, or MISSING where an answer carries no signature. */
  readonly word: string;
  /** The signature holds, and what it signs is the complaint: nobody else has said that. */
  readonly signed: boolean;

  constructor(message: string, word: string, options: { signed?: boolean } = {}) {
    super('dns/tsig', true, message);
    this.word = word;
    this.signed = options.signed ?? false;
  }
}
