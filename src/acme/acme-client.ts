/** The contract of an ACME client (RFC 8555): one directory, one account key, every call that the controllers make. */

/** An identifier of an order or authorization (RFC 8555 §7.1.3, RFC 8738). DNS names are lower-case A-labels. */
export interface AcmeIdentifier {
  type: 'dns' | 'ip';
  value: string;
}

/** RFC 8555 §7.1.1, draft-ietf-acme-profiles, RFC 9773 §3. URLs are absolute. */
export interface AcmeDirectory {
  newNonce: string;
  newAccount: string;
  newOrder: string;
  revokeCert?: string;
  keyChange?: string;
  renewalInfo?: string;
  termsOfService?: string;
  website?: string;
  caaIdentities: readonly string[];
  externalAccountRequired: boolean;
  /** Name to description. Undefined: the CA has no profiles. */
  profiles?: Readonly<Record<string, string>>;
}

/** RFC 8555 §7.1.2. */
export interface AcmeAccount {
  /** The `Location` of the account, which is its key identifier (`kid`). */
  url: string;
  status: 'valid' | 'deactivated' | 'revoked';
  contact: readonly string[];
  /** Where the CA lists the orders of the account (RFC 8555 §7.1.2.1); many offer no such list. */
  orders?: string;
}

/** RFC 7807 and RFC 8555 §6.7; every text is bounded when it is read. */
export interface AcmeProblem {
  /** Such as `urn:ietf:params:acme:error:rateLimited`. */
  type: string;
  detail: string;
  status?: number;
  identifier?: AcmeIdentifier;
  subproblems: readonly AcmeProblem[];
  /** RFC 8555 §7.3.3: where a person has to agree to something. */
  instance?: string;
}

/** RFC 8555 §7.1.6. Unknown words of a server are an error of the protocol, not a status. */
export type OrderStatusWord = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
export type AuthorizationStatusWord = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
export type ChallengeStatusWord = 'pending' | 'processing' | 'valid' | 'invalid';

export interface AcmeOrder {
  url: string;
  status: OrderStatusWord;
  /** Milliseconds since the epoch. */
  expires?: number;
  identifiers: readonly AcmeIdentifier[];
  authorizations: readonly string[];
  finalize: string;
  certificate?: string;
  replaces?: string;
  profile?: string;
  error?: AcmeProblem;
  /** From `Retry-After`, as milliseconds since the epoch: do not ask before. */
  retryAt?: number;
}

export interface AcmeChallenge {
  url: string;
  /** As the CA names it: `http-01`, `dns-01`, `tls-alpn-01`, `dns-persist-01`, or one that nobody here knows. */
  type: string;
  status: ChallengeStatusWord;
  /** Empty for types without one (dns-persist-01). */
  token: string;
  error?: AcmeProblem;
  /** dns-persist-01: names under which the record may name the CA. */
  issuerDomainNames?: readonly string[];
}

export interface AcmeAuthorization {
  url: string;
  /** Without `*.`. */
  identifier: AcmeIdentifier;
  status: AuthorizationStatusWord;
  wildcard: boolean;
  expires?: number;
  challenges: readonly AcmeChallenge[];
  retryAt?: number;
}

/** RFC 9773 §4.2. Times in milliseconds since the epoch; `start < end` is checked. */
export interface RenewalInfo {
  start: number;
  end: number;
  explanationURL?: string;
  /** From `Retry-After` in milliseconds from now, as sent: the caller bounds it (RFC 9773 §4.3). */
  retryAfterMs?: number;
}

export interface ExternalAccount {
  keyId: string;
  /** The MAC key, decoded. */
  key: Uint8Array;
  algorithm: 'HS256' | 'HS384' | 'HS512';
}

export interface NewOrder {
  identifiers: readonly AcmeIdentifier[];
  /** Milliseconds since the epoch. */
  notAfter?: number;
  profile?: string;
  /** RFC 9773 §5: certificate identifier of the certificate to replace. */
  replaces?: string;
}

/** RFC 5280 §5.3.1, as RFC 8555 §7.6 allows them. */
export type RevocationReason = 0 | 1 | 3 | 4 | 5 | 9;

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * One account with one CA. Safe to share by many callers at once. Every method rejects with an error of
 * `errors.ts`: a problem document (`AcmeProblemError` with `problem`, `status`, `retryAt`), a transport fault
 * (`AcmeTransportError`), or an answer that breaks the protocol (`AcmeProtocolError`). Bad nonces are retried inside;
 * nothing else is. Nothing is signed for an account before `account` is known: calls that need it look it up by key
 * (`onlyReturnExisting`, RFC 8555 §7.3.1) unless it was given.
 */
export interface AcmeClient {
  /** RFC 7638 SHA-256 thumbprint of the account key, base64url. */
  readonly thumbprint: string;
  /** RFC 8555 §8.1: `token.thumbprint`. */
  keyAuthorization(token: string): string;
  directory(options?: CallOptions): Promise<AcmeDirectory>;
  /** Registers, or finds the account that this key has already. Agrees to the terms where there are any. */
  register(
    account: { contact: readonly string[]; externalAccount?: ExternalAccount },
    options?: CallOptions,
  ): Promise<AcmeAccount>;
  /** The account of this key. Rejects with a problem `accountDoesNotExist` when there is none. */
  findAccount(options?: CallOptions): Promise<AcmeAccount>;
  updateContact(contact: readonly string[], options?: CallOptions): Promise<AcmeAccount>;
  /** RFC 8555 §7.3.6. Final. */
  deactivateAccount(options?: CallOptions): Promise<AcmeAccount>;
  /** RFC 8555 §7.3.5. PEM of the new private key; this client goes on with the old one and must be thrown away. */
  changeKey(newPrivateKeyPem: string, options?: CallOptions): Promise<void>;
  newOrder(order: NewOrder, options?: CallOptions): Promise<AcmeOrder>;
  order(url: string, options?: CallOptions): Promise<AcmeOrder>;
  /**
   * URLs of the orders that the CA lists for the account, those that cannot succeed any more perhaps among them. Within
   * bounds: of a long list the end is missing. Undefined: the CA has no such list.
   */
  listOrders(options?: CallOptions): Promise<readonly string[] | undefined>;
  authorization(url: string, options?: CallOptions): Promise<AcmeAuthorization>;
  /** RFC 8555 §7.5.2: gives a pending authorization back, so that it does not count against the limits of the CA. */
  deactivateAuthorization(url: string, options?: CallOptions): Promise<AcmeAuthorization>;
  /** Tells the CA to look (RFC 8555 §7.5.1). */
  acceptChallenge(url: string, options?: CallOptions): Promise<AcmeChallenge>;
  /** Sends the request; does not wait. `csr`: DER. */
  finalize(url: string, csr: Uint8Array, options?: CallOptions): Promise<AcmeOrder>;
  /** PEM chain, leaf first, and the URLs of alternates (RFC 8555 §7.4.2). */
  certificate(url: string, options?: CallOptions): Promise<{ chain: string; alternates: readonly string[] }>;
  /**
   * By the account; with `byKey` by the client's key alone, which is the certificate's own then, and no account is needed
   * (RFC 8555 §7.6). `certificate`: DER.
   */
  revoke(
    certificate: Uint8Array,
    reason?: RevocationReason,
    options?: CallOptions & { byKey?: boolean },
  ): Promise<void>;
  /** Undefined: the CA offers none. Needs no account. `certId` as `renewalCertId` makes it. */
  renewalInfo(certId: string, options?: CallOptions): Promise<RenewalInfo | undefined>;
  /** Ends idle connections. Calls in flight are not waited for. */
  close(): Promise<void>;
}
