/** What CAs allow, as data: Let's Encrypt's published limits, and the shape in which an operator writes those of others. */
import { AcmeConfigurationError } from '../errors.ts';

/** What uses a limit up. `failed-authorization` is only looked at when an order is asked for; failures use it up. */
export type Counted = 'order' | 'certificate' | 'failed-authorization' | 'registration';
/** For whom it is counted. */
export type Subject = 'account' | 'registered-domain' | 'exact-set' | 'account-and-identifier' | 'directory';
/** Kinds of orders that do not count: with `replaces` (RFC 9773), or for a set of names that had a certificate before. */
export type Exemption = 'replacement' | 'renewal';

export interface CaLimit {
  /** Let's Encrypt's are the anchors of its page: its refusals name them. */
  name: string;
  counts: Counted;
  per: Subject;
  /** 1 to 100,000. */
  allowed: number;
  windowMs: number;
  /** `steady`: comes back one by one, `allowed` in a window. `sliding`: never more than `allowed` in any window. */
  refill: 'steady' | 'sliding';
  exempt: readonly Exemption[];
  /** A success gives all of it back. */
  resetOnSuccess?: boolean;
}

export interface CaLimits {
  /** For messages. */
  ca: string;
  /** Directory URLs that it holds for, whole. */
  directories: readonly string[];
  limits: readonly CaLimit[];
}

const hour = 3_600_000;
const day = 24 * hour;

interface Amounts {
  orders: number;
  domain: { allowed: number; windowMs: number };
  set: number;
  failures: number;
  consecutive: { allowed: number; windowMs: number };
  registrations: number;
}

function letsEncrypt(ca: string, directory: string, amounts: Amounts): CaLimits {
  const steady = { refill: 'steady', exempt: ['replacement', 'renewal'] } as const;
  return {
    ca,
    directories: [directory],
    limits: [
      {
        ...steady,
        name: 'new-orders-per-account',
        counts: 'order',
        per: 'account',
        allowed: amounts.orders,
        windowMs: 3 * hour,
      },
      {
        ...steady,
        ...amounts.domain,
        name: 'new-certificates-per-registered-domain',
        counts: 'certificate',
        per: 'registered-domain',
      },
      {
        ...steady,
        name: 'new-certificates-per-exact-set-of-identifiers',
        counts: 'certificate',
        per: 'exact-set',
        allowed: amounts.set,
        windowMs: 7 * day,
        exempt: ['replacement'],
      },
      {
        ...steady,
        name: 'authorization-failures-per-identifier-per-account',
        counts: 'failed-authorization',
        per: 'account-and-identifier',
        allowed: amounts.failures,
        windowMs: hour,
        exempt: ['replacement'],
      },
      {
        ...steady,
        ...amounts.consecutive,
        name: 'consecutive-authorization-failures-per-identifier-per-account',
        counts: 'failed-authorization',
        per: 'account-and-identifier',
        exempt: ['replacement'],
        resetOnSuccess: true,
      },
      {
        ...steady,
        name: 'new-registrations-per-ip-address',
        counts: 'registration',
        per: 'directory',
        allowed: amounts.registrations,
        windowMs: 3 * hour,
        exempt: [],
      },
    ],
  };
}

/**
 * Production as on letsencrypt.org/docs/rate-limits in August 2026. Staging as on letsencrypt.org/docs/staging-environment,
 * "Rate Limits", in the text of April 2025 (letsencrypt/website#1881), the last that names an amount for each limit and
 * that could be compared. A limit that is too high here costs a refusal, which the ledger learns from.
 */
export const publishedLimits: readonly CaLimits[] = [
  letsEncrypt("Let's Encrypt", 'https://acme-v02.api.letsencrypt.org/directory', {
    orders: 300,
    domain: { allowed: 50, windowMs: 7 * day },
    set: 5,
    failures: 5,
    // One comes back a day.
    consecutive: { allowed: 1152, windowMs: 1152 * day },
    registrations: 10,
  }),
  letsEncrypt("Let's Encrypt (staging)", 'https://acme-staging-v02.api.letsencrypt.org/directory', {
    orders: 1500,
    // A second, not a week: the page means none.
    domain: { allowed: 30_000, windowMs: 1000 },
    set: 30_000,
    failures: 200,
    consecutive: { allowed: 3600, windowMs: 6 * hour },
    registrations: 50,
  }),
];

const counted: readonly Counted[] = ['order', 'certificate', 'failed-authorization', 'registration'];
const subjects: readonly Subject[] = [
  'account',
  'registered-domain',
  'exact-set',
  'account-and-identifier',
  'directory',
];
const exemptions: readonly Exemption[] = ['replacement', 'renewal'];

/**
 * Limits of other CAs out of an operator's configuration: a list of `CaLimits` with `windowSeconds` in place of `windowMs`.
 * @throws AcmeConfigurationError that names the place of the mistake
 */
export function readCaLimits(value: unknown, at = 'caLimits'): CaLimits[] {
  return entries(value, at).map((entry, index): CaLimits => {
    const here = `${at}[${index}]`;
    const { ca, directories, limits, ...rest } = fields(entry, here);
    noMore(rest, here);
    return {
      ca: text(ca, `${here}.ca`),
      directories: entries(directories, `${here}.directories`).map((url, place) =>
        text(url, `${here}.directories[${place}]`),
      ),
      limits: entries(limits, `${here}.limits`).map((limit, place) =>
        readLimit(limit, `${here}.limits[${place}]`),
      ),
    };
  });
}

function readLimit(value: unknown, at: string): CaLimit {
  const { name, counts, per, allowed, windowSeconds, refill, exempt, resetOnSuccess, ...rest } = fields(
    value,
    at,
  );
  noMore(rest, at);
  const limit: CaLimit = {
    name: text(name, `${at}.name`),
    counts: oneOf(counts, counted, `${at}.counts`),
    per: oneOf(per, subjects, `${at}.per`),
    allowed: whole(allowed, 1, 100_000, `${at}.allowed`),
    windowMs: whole(windowSeconds, 1, 10 * 365 * 86_400, `${at}.windowSeconds`) * 1000,
    refill: oneOf(refill ?? 'sliding', ['steady', 'sliding'] as const, `${at}.refill`),
    exempt: entries(exempt ?? [], `${at}.exempt`).map((kind) => oneOf(kind, exemptions, `${at}.exempt`)),
    resetOnSuccess: flag(resetOnSuccess ?? false, `${at}.resetOnSuccess`),
  };
  const fits = {
    order: ['account', 'registered-domain', 'exact-set', 'directory'],
    certificate: ['account', 'registered-domain', 'exact-set', 'directory'],
    'failed-authorization': ['account', 'account-and-identifier', 'directory'],
    registration: ['directory'],
  }[limit.counts];
  if (!fits.includes(limit.per)) throw wrong(`${at}.per`, `one of ${fits.join(', ')} for ${limit.counts}`);
  if (limit.resetOnSuccess === true && limit.counts !== 'failed-authorization')
    throw wrong(`${at}.resetOnSuccess`, 'left out: it is for failed-authorization alone');
  if (limit.exempt.length > 0 && limit.counts === 'registration')
    throw wrong(`${at}.exempt`, 'left out: a registration replaces and renews nothing');
  if (limit.refill === 'sliding' && limit.allowed > 10_000)
    throw wrong(`${at}.allowed`, 'at most 10000 when sliding');
  return limit;
}

const wrong = (at: string, must: string): AcmeConfigurationError =>
  new AcmeConfigurationError(`${at} must be ${must}`);

function entries(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= 100) return value;
  throw wrong(at, 'a list of at most 100 entries');
}
function fields(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw wrong(at, 'an object');
}
function noMore(rest: Record<string, unknown>, at: string): void {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new AcmeConfigurationError(`${at} has no field ${unknown.slice(0, 64)}`);
}
function text(value: unknown, at: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 500) return value;
  throw wrong(at, 'a text of 1 to 500 characters');
}
function whole(value: unknown, min: number, max: number, at: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw wrong(at, `a whole number from ${min} to ${max}`);
}
function flag(value: unknown, at: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(at, 'true or false');
}
function oneOf<T extends string>(value: unknown, words: readonly T[], at: string): T {
  const found = words.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw wrong(at, `one of ${words.join(', ')}`);
}
