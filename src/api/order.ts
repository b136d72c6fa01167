/** Order: one ACME order of a CertificateRequest (acme.cert-manager.io/v1, RFC 8555 §7.1.3). */
import { acmeStates } from './enumerations.ts';
import { issuerReferenceSchema } from './issuer-reference.ts';
import { kindSchemaWithMetadata } from './kind.ts';
import {
  bytes,
  duration,
  flag,
  list,
  object,
  oneOf,
  optional,
  text,
  texts,
  time,
  type Static,
} from './schema.ts';

export const orderSpecSchema = object('What to order.', {
  request: bytes('PEM certificate signing request; DER is understood too. Cannot change once set.'),
  issuerRef: issuerReferenceSchema,
  commonName: optional(text('Common name of the request; ordered together with dnsNames.')),
  dnsNames: optional(texts('DNS names to order.')),
  ipAddresses: optional(texts('IP addresses to order (RFC 8738).')),
  duration: optional(duration('Lifetime to ask the CA for, where it supports that. Go duration.')),
  profile: optional(text('ACME certificate profile to ask for.')),
  replaces: optional(text('RFC 9773 identifier of the certificate that this order replaces.')),
});

const offeredChallengeSchema = object('A challenge that the CA offers.', {
  url: text('URL of the challenge.'),
  token: text('Token of the challenge.'),
  type: text('Type of the challenge as the CA names it, for example http-01.'),
});

export const authorizationSchema = object('An authorization of the order (RFC 8555 §7.1.4).', {
  url: text('URL of the authorization.'),
  identifier: optional(text('DNS name or IP address, without *.')),
  wildcard: optional(flag('The identifier stands for a wildcard name.')),
  initialState: optional(
    oneOf(acmeStates, 'State when the authorization was first fetched; valid needs no challenge.'),
  ),
  challenges: optional(list(offeredChallengeSchema, 'Challenges to choose from; one has to be met.')),
});

export const orderStatusSchema = object('How far the order is. Written by the controllers.', {
  url: optional(text('URL of the order. Absent until the CA has accepted it.')),
  finalizeURL: optional(text('URL to send the request to once all authorizations are valid.')),
  authorizations: optional(list(authorizationSchema, 'What has to be proven.')),
  certificate: optional(bytes('PEM chain that the CA issued.')),
  state: optional(oneOf(acmeStates, 'State of the order. Absent: not known yet.')),
  reason: optional(text('Why the order is in this state.')),
  failureTime: optional(time('When the order failed.')),
  problem: optional(
    text(
      'Type of the problem document (RFC 8555 §6.7) that ended the order or keeps it waiting; about:blank where the CA could not be reached. Absent: none. Ours.',
    ),
  ),
  nextAttemptAt: optional(
    time('When the order goes on, where the CA or a budget asks to wait. Ours; cert-manager has none.'),
  ),
});

export const orderSchema = kindSchemaWithMetadata(
  'An Order is one order with an ACME CA. Created by the controllers for a CertificateRequest; not meant to be written by hand.',
  orderSpecSchema,
  orderStatusSchema,
);

export interface OrderSpec extends Static<typeof orderSpecSchema> {}
export interface OrderStatus extends Static<typeof orderStatusSchema> {}
export interface Authorization extends Static<typeof authorizationSchema> {}
export type OfferedChallenge = Static<typeof offeredChallengeSchema>;
/** An Order object, see spec/api.md §15. */
export interface Order extends Static<typeof orderSchema> {}
