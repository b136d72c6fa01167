/** What an authorization of the CA says about one of its challenges (acme.md §7.3 steps 6 and 10): pure. */
import type { AcmeAuthorization, AcmeChallenge, AcmeProblem } from '../../acme/acme-client.ts';
import { textOf } from '../../acme/errors.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import { boundedText } from '../bounded-text.ts';

export type Standing =
  | { kind: 'open'; state: 'pending' | 'processing'; reason: string }
  | { kind: 'verified' }
  /** `message` of the event. */
  | { kind: 'failed'; state: AcmeState; reason: string; message: string }
  /** The CA does not offer this challenge any more. */
  | { kind: 'unknown' };

export function standingOf(authorization: AcmeAuthorization, url: string): Standing {
  const challenge = authorization.challenges.find((one) => one.url === url);
  // Whatever proved it: there is nothing left to prove.
  if (authorization.status === 'valid') return { kind: 'verified' };
  if (challenge === undefined) return { kind: 'unknown' };
  switch (authorization.status) {
    case 'invalid':
      return failure(authorization, 'invalid');
    case 'expired':
      return over(authorization, 'expired');
    case 'deactivated':
    case 'revoked':
      return over(authorization, 'errored');
    default:
      if (challenge.status === 'invalid') return failure(authorization, 'invalid');
      return {
        kind: 'open',
        state: challenge.status === 'pending' ? 'pending' : 'processing',
        reason: problemDetail(challenge),
      };
  }
}

function problemDetail({ error }: AcmeChallenge): string {
  return error === undefined ? '' : boundedText(error.detail);
}

function failure(authorization: AcmeAuthorization, state: AcmeState): Standing {
  const text = boundedText(errorOf(authorization));
  return {
    kind: 'failed',
    state,
    reason: boundedText(`Error accepting authorization: ${text}`),
    message: boundedText(`Accepting challenge authorization failed: ${text}`),
  };
}

function over({ status, identifier }: AcmeAuthorization, state: AcmeState): Standing {
  const text = `acme: authorization for ${identifier.value} is ${status} at the CA`;
  return {
    kind: 'failed',
    state,
    reason: text,
    message: `Accepting challenge authorization failed: ${text}`,
  };
}

/** `acme: authorization error for <identifier>: <err1>; <err2>` (acme.md §2.5). */
function errorOf({ identifier, challenges }: AcmeAuthorization): string {
  const errors = challenges
    .map(({ error }) => error)
    .filter((error): error is AcmeProblem => error !== undefined)
    .map((error) => textOf(error, error.status ?? 0));
  return `acme: authorization error for ${identifier.value}: ${errors.length === 0 ? 'the CA says no more' : errors.join('; ')}`;
}
