/** Challenge: one ACME challenge that is presented to the world (acme.cert-manager.io/v1, RFC 8555 §8). */
import { acmeStates, challengeTypes } from './enumerations.ts';
import { issuerReferenceSchema } from './issuer-reference.ts';
import { kindSchemaWithMetadata } from './kind.ts';
import { flag, int32, list, object, oneOf, optional, text, time, type Static } from './schema.ts';
import { solverSchema } from './solver.ts';

export const challengeSpecSchema = object('What to present. Cannot change after creation.', {
  url: text('URL of the challenge.'),
  authorizationURL: text('URL of the authorization that the challenge belongs to.'),
  dnsName: text('DNS name or IP address to prove control of, without *.'),
  wildcard: optional(flag('The name stands for a wildcard name.')),
  type: oneOf(challengeTypes, 'How control is proven.'),
  token: text('Token of the challenge.'),
  key: text('What to present: the key authorization for HTTP-01, its digest for DNS-01.'),
  solver: solverSchema,
  issuerRef: issuerReferenceSchema,
});

export const challengeStatusSchema = object('How far the challenge is. Written by the controllers.', {
  processing: optional(flag('The challenge is being worked on; only some are at a time.')),
  presented: optional(flag('The solver has put the answer in place.')),
  presentedAt: optional(time('When the solver put the answer in place.')),
  reason: optional(text('Why the challenge is in this state.')),
  state: optional(oneOf(acmeStates, 'State of the challenge. Absent: not known yet.')),
  checks: optional(
    list(
      object('What one view saw when it was last asked for the answer.', {
        view: text('Who looked, for example direct, route, public, or a nameserver.'),
        passed: flag('It saw what the CA has to see.'),
        trusted: optional(flag('The challenge goes on when this view has passed.')),
        answer: text('What it saw instead, or what went wrong; bounded.'),
        checkedAt: time('When it looked.'),
      }),
      'The answers of the self-check, one for each view. Ours; cert-manager has none.',
    ),
  ),
  nextAttemptAt: optional(time('When the next attempt is made, where the CA or a fault asks to wait. Ours.')),
  cleanUpAttempts: optional(int32('How often taking the answer away has failed. Ours.', { minimum: 0 })),
  writtenNames: optional(
    list(
      text('A DNS name.'),
      'Names that a TXT record was written at because a CNAME led there. Taking it away looks at each of them. Ours.',
    ),
  ),
});

export const challengeSchema = kindSchemaWithMetadata(
  'A Challenge proves control of one name to an ACME CA. Created by the controllers for an Order; not meant to be written by hand.',
  challengeSpecSchema,
  challengeStatusSchema,
);

export interface ChallengeSpec extends Static<typeof challengeSpecSchema> {}
export interface ChallengeStatus extends Static<typeof challengeStatusSchema> {}
/** A Challenge object, see spec/api.md §16. */
export interface Challenge extends Static<typeof challengeSchema> {}
