/** What can go wrong between us and an ACME CA, as types that say whether trying again can help. */
import type { AcmeIdentifier, AcmeProblem } from './acme-client.ts';

export type AcmeErrorCode =
  | 'acme/problem'
  | 'acme/transport'
  | 'acme/protocol'
  | 'acme/configuration'
  | 'acme/certificate'
  | 'acme/profile'
  | 'acme/excess';

/** Base of every error of this room. `code` is stable; messages are for people and hold no secrets. */
export class AcmeError extends Error {
  readonly code: AcmeErrorCode;
  /** Whether the same call can succeed later without anybody changing it. */
  readonly retryable: boolean;

  constructor(code: AcmeErrorCode, retryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

/** Prefix of the types that RFC 8555 §6.7 registers. */
export const acmeErrorPrefix = 'urn:ietf:params:acme:error:';

/**
 * The CA answered with a problem document, or with an HTTP status that is one (RFC 8555 §6.7, RFC 9457). Whatever the
 * CA wrote is bounded before it gets here. Retryable: 429, `rateLimited`, 408, 5xx but 501, and `badNonce`.
 */
export class AcmeProblemError extends AcmeError {
  readonly problem: AcmeProblem;
  /** HTTP status of the answer. */
  readonly status: number;
  /** From `Retry-After`, milliseconds since the epoch on our clock, bounded: do not ask before. */
  readonly retryAt: number | undefined;
  /** Where a person must act (RFC 8555 §7.3.3): `Link: <…>;rel="terms-of-service"`. */
  readonly termsOfService: string | undefined;
  /** `Location` beside a refusal: the account that has the key already (RFC 8555 §7.3.5, 409). */
  readonly location: string | undefined;

  constructor(
    problem: AcmeProblem,
    fields: {
      status: number;
      retryAt?: number;
      termsOfService?: string;
      location?: string;
      request?: string;
    },
  ) {
    super(
      'acme/problem',
      mayPass(problem.type, fields.status),
      textOf(problem, fields.status, fields.request),
    );
    this.problem = problem;
    this.status = fields.status;
    this.retryAt = fields.retryAt;
    this.termsOfService = fields.termsOfService;
    this.location = fields.location;
  }

  /** Whether the problem is of an ACME type, such as `rateLimited`. */
  is(type: string): boolean {
    return this.problem.type === acmeErrorPrefix + type;
  }
  get isRateLimited(): boolean {
    return this.is('rateLimited') || this.status === 429;
  }
  get isAccountMissing(): boolean {
    return this.is('accountDoesNotExist');
  }
  /** RFC 8555 §7.3.3: a person has to agree to something; `problem.instance` and `termsOfService` say where. */
  get isUserActionRequired(): boolean {
    return this.is('userActionRequired');
  }
  /**
   * A refusal of an order that may be about the certificate that it replaces (RFC 9773 §5). Of a certificate of another CA or account
   * Boulder says `malformed` or `unauthorized`, Pebble 404, all in words of their own.
   */
  get isReplacesRefused(): boolean {
    if (this.isAccountMissing) return false;
    const types = ['alreadyReplaced', 'malformed', 'unauthorized', 'conflict'];
    return types.some((type) => this.is(type)) || [404, 409].includes(this.status);
  }
  /** The server is at fault, not the request. */
  get isServerFault(): boolean {
    return this.status >= 500 || this.is('serverInternal');
  }
}

/** No answer, or not all of it: connection, TLS, time or size. Always worth another try. */
export class AcmeTransportError extends AcmeError {
  /** The cause in one stable word. */
  readonly reason: 'connect' | 'tls' | 'timeout' | 'cut' | 'aborted';
  constructor(reason: AcmeTransportError['reason'], message: string, options?: ErrorOptions) {
    super('acme/transport', reason !== 'aborted', message, options);
    this.reason = reason;
  }
}

/** An answer that breaks the protocol: not JSON, a field of the wrong shape, an address that is none, too long a body. */
export class AcmeProtocolError extends AcmeError {
  /** HTTP status of the answer; 0 when it does not matter. */
  readonly status: number;
  constructor(message: string, options?: ErrorOptions & { status?: number }) {
    // The CA may be half-way through a deployment, or a proxy answered for it: looking again later is right.
    super('acme/protocol', true, message, options);
    this.status = options?.status ?? 0;
  }
}

/** The client cannot work as it is set up: key, address, CA bundle, proxy. */
export class AcmeConfigurationError extends AcmeError {
  constructor(message: string, options?: ErrorOptions) {
    super('acme/configuration', false, message, options);
  }
}

/** A certificate chain that is none: wrong blocks, too many, too long, damaged. */
export class AcmeCertificateError extends AcmeError {
  constructor(message: string, options?: ErrorOptions) {
    super('acme/certificate', false, message, options);
  }
}

/** The CA does not have the profile that the order asks for (draft-ietf-acme-profiles §4); nothing was sent. */
export class AcmeProfileError extends AcmeError {
  readonly profile: string;
  /** What the CA has; undefined: it has no profiles at all. */
  readonly available: readonly string[] | undefined;
  constructor(profile: string, available: readonly string[] | undefined) {
    const has =
      available === undefined
        ? 'acme: certificate authority does not support profiles'
        : `acme: certificate authority does not advertise a profile with name ${profile.slice(0, 64)}`;
    const hint =
      available === undefined || available.length === 0
        ? 'remove spec.acme.profile from the issuer'
        : `it has: ${available.slice(0, 16).join(', ')}`;
    super('acme/profile', false, `${has} (${hint})`);
    this.profile = profile;
    this.available = available;
  }
}

/** The CA asks for more than belongs to the order, or than there is room for: asking again brings the same. */
export class AcmeExcessError extends AcmeError {
  constructor(message: string, options?: ErrorOptions) {
    super('acme/excess', false, message, options);
  }
}

function mayPass(type: string, status: number): boolean {
  if (type === `${acmeErrorPrefix}rateLimited` || type === `${acmeErrorPrefix}badNonce`) return true;
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/**
 * `<status> <type>: <detail>`, as the peer prints it (acme.md §2.5), and the subproblems behind it. All in one line: of
 * several, kubectl's columns show the first only.
 */
export function textOf(problem: AcmeProblem, status: number, request?: string): string {
  // RFC 9457 §4.2.1: this type says no more than the status does.
  const what = problem.type === 'about:blank' ? status : `${status} ${problem.type}`;
  const head = `${what}: ${problem.detail}${request === undefined ? '' : ` (${request})`}`;
  if (problem.subproblems.length === 0) return head;
  const lines = problem.subproblems.map(
    ({ type, identifier, detail }) => `${type}: ${identifier ? `[${nameOf(identifier)}] ` : ''}${detail}`,
  );
  return `${head}; subproblems: ${lines.join('; ')}`;
}

const nameOf = ({ type, value }: AcmeIdentifier): string => `${type}: ${value}`;
