/** Accounts, orders, authorizations, challenges and renewal information out of a CA's JSON (RFC 8555 §7.1, RFC 9773 §4.2). */
import type { AcmeAccount, AcmeAuthorization, AcmeChallenge, AcmeOrder, RenewalInfo } from './acme-client.ts';
import { isToken } from './challenge-values.ts';
import { AcmeProtocolError } from './errors.ts';
import { problemOf } from './problem.ts';
import {
  boundedText,
  displayUrl,
  field,
  identifier,
  isObject,
  isSaneUrl,
  list,
  optionalUrl,
  readObject,
  requiredUrl,
  timestamp,
  word,
} from './read-fields.ts';

type Body = Uint8Array | string;
const orderWords = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const;
const authorizationWords = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const;
const challengeWords = ['pending', 'processing', 'valid', 'invalid'] as const;
/** Let's Encrypt allows 100 names; nobody is known to allow more than 2,000 (of which each has an authorization). */
const maxNames = 2000;
const maxChallenges = 64;
/** Orders on one page. */
const maxListed = 10_000;

/** @throws AcmeProtocolError */
export function parseAccount(body: Body, url: string): AcmeAccount {
  // Some CAs answer an update with nothing.
  const object = body.length === 0 ? {} : readObject(body, 'account');
  const contact = field(object, 'contact');
  const status = field(object, 'status') ?? 'valid';
  const orders = field(object, 'orders');
  return {
    url,
    status: word({ status }, 'status', ['valid', 'deactivated', 'revoked'], 'account'),
    contact: (Array.isArray(contact) ? contact : [])
      .slice(0, 100)
      .filter((entry) => typeof entry === 'string')
      .map((entry) => boundedText(entry, 500) ?? ''),
    // A list that cannot be asked for is none: nobody needs it to get certificates.
    ...(isSaneUrl(orders, url) ? { orders } : {}),
  };
}

/** One page of the orders of an account (RFC 8555 §7.1.2.1); some CAs send the bare list. @throws AcmeProtocolError */
export function parseOrderList(body: Body, base: string): string[] {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const object = readObject(/^\s*\[/u.test(text) ? `{"orders":${text}}` : text, 'list of orders');
  const entries = list(field(object, 'orders'), maxListed, 'list of orders');
  return entries.filter((entry): entry is string => isSaneUrl(entry, base));
}

/** `base`: the directory's address. @throws AcmeProtocolError */
export function parseOrder(body: Body, url: string, base: string, retryAt?: number): AcmeOrder {
  const what = 'order';
  const object = readObject(body, what);
  const status = word(object, 'status', orderWords, what);
  const authorizations = list(field(object, 'authorizations'), maxNames, 'list of authorizations');
  const wrong = authorizations.find((entry) => !isSaneUrl(entry, base));
  if (wrong !== undefined)
    throw new AcmeProtocolError("The CA's order has an authorization that is no usable URL");
  return {
    url,
    status,
    expires: timestamp(field(object, 'expires')),
    identifiers: list(field(object, 'identifiers'), maxNames, 'list of identifiers')
      .map(identifier)
      .filter((entry) => entry !== undefined),
    authorizations: authorizations.map(String),
    finalize: requiredUrl(object, 'finalize', base, what),
    certificate: optionalUrl(object, 'certificate', base, what),
    replaces: boundedText(field(object, 'replaces'), 200),
    profile: boundedText(field(object, 'profile'), 64),
    error: problemOf(field(object, 'error')),
    retryAt,
  };
}

/** @throws AcmeProtocolError */
export function parseAuthorization(
  body: Body,
  url: string,
  base: string,
  retryAt?: number,
): AcmeAuthorization {
  const what = 'authorization';
  const object = readObject(body, what);
  const name = identifier(field(object, 'identifier'));
  if (name === undefined) throw new AcmeProtocolError("The CA's authorization is for no name or address");
  return {
    url,
    // RFC 8555 §7.1.4 says without; some say it with.
    identifier: { type: name.type, value: name.value.replace(/^\*\./u, '') },
    status: word(object, 'status', authorizationWords, what),
    wildcard: field(object, 'wildcard') === true || name.value.startsWith('*.'),
    expires: timestamp(field(object, 'expires')),
    challenges: list(field(object, 'challenges'), maxChallenges, 'list of challenges')
      .map((entry) => tolerated(entry, base))
      .filter((entry) => entry !== undefined),
    retryAt,
  };
}

/** A challenge of a kind that nobody here knows may look like anything; it must not spoil the ones that are known. */
function tolerated(value: unknown, base: string): AcmeChallenge | undefined {
  try {
    return isObject(value) ? challengeOf(value, base) : undefined;
  } catch (error) {
    if (error instanceof AcmeProtocolError) return undefined;
    throw error;
  }
}

/** @throws AcmeProtocolError */
export function parseChallenge(body: Body, base: string): AcmeChallenge {
  return challengeOf(readObject(body, 'challenge'), base);
}

function challengeOf(object: Readonly<Record<string, unknown>>, base: string): AcmeChallenge {
  const what = 'challenge';
  const type = field(object, 'type');
  if (typeof type !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/u.test(type))
    throw new AcmeProtocolError("The CA's challenge has no type");
  const token = field(object, 'token') ?? '';
  // It becomes a path, a DNS record, a file name: anything beyond RFC 8555 §8.1 is an attack.
  if (typeof token !== 'string' || (token !== '' && !isToken(token)))
    throw new AcmeProtocolError(`The CA's ${type} challenge has a token that is not base64url`);
  const issuers = field(object, 'issuer-domain-names');
  return {
    url: requiredUrl(object, 'url', base, what),
    type,
    status: word(object, 'status', challengeWords, what),
    token,
    error: problemOf(field(object, 'error')),
    ...(Array.isArray(issuers) ? { issuerDomainNames: domainNames(issuers) } : {}),
  };
}

const domainNames = (names: readonly unknown[]): string[] =>
  names
    .filter((name) => typeof name === 'string' && /^[A-Za-z0-9.-]{1,253}$/u.test(name))
    .slice(0, 10)
    .map((name) => String(name).toLowerCase());

/** @throws AcmeProtocolError */
export function parseRenewalInfo(body: Body, retryAfterMs?: number): RenewalInfo {
  const object = readObject(body, 'renewal information');
  const suggested = field(object, 'suggestedWindow');
  const range = isObject(suggested) ? suggested : {};
  const [start, end] = [timestamp(field(range, 'start')), timestamp(field(range, 'end'))];
  if (start === undefined || end === undefined || start >= end)
    throw new AcmeProtocolError("The CA's renewal information has no window with start before end");
  return { start, end, explanationURL: displayUrl(field(object, 'explanationURL')), retryAfterMs };
}
