/** CertificateRequest: one attempt to have a CSR signed; the seam between Certificates, approvers and signers (cert-manager.io/v1). */
import { conditions } from './condition.ts';
import { keyUsages } from './enumerations.ts';
import { issuerReferenceSchema } from './issuer-reference.ts';
import { kindSchema } from './kind.ts';
import {
  bytes,
  duration,
  flag,
  list,
  map,
  object,
  oneOf,
  optional,
  text,
  texts,
  time,
  type Static,
} from './schema.ts';
import { Type } from 'typebox';

export const certificateRequestSpecSchema = object('What is asked for. Cannot change after creation.', {
  duration: optional(duration('Lifetime to ask for as a Go duration. Default: 2160h (90 days).')),
  issuerRef: issuerReferenceSchema,
  request: bytes('PEM certificate signing request (PKCS#10, RFC 2986).'),
  isCA: optional(flag('Ask for a CA certificate. Must agree with the request. Default: false.')),
  usages: optional(
    list(
      oneOf(keyUsages, 'A key usage or extended key usage.'),
      'Usages to ask for. Must agree with the request where it has any. Default: digital signature and key encipherment.',
    ),
  ),
  username: optional(text('Who created the request. Set by the API server.')),
  uid: optional(text('UID of the creator. Set by the API server.')),
  groups: optional(texts('Groups of the creator. Set by the API server.')),
  extra: optional(
    map(
      Type.Array(Type.Unsafe<string>({ type: 'string' })),
      'Further attributes of the creator. Set by the API server.',
    ),
  ),
});

export const certificateRequestStatusSchema = object('The answer. Written by approver and signer.', {
  conditions: optional(conditions('Ready, Approved, Denied, InvalidRequest')),
  certificate: optional(bytes('PEM chain, leaf first. Empty until signed.')),
  ca: optional(bytes('PEM certificate of the CA, where the signer knows it.')),
  failureTime: optional(time('When the request failed or was denied.')),
});

export const certificateRequestSchema = kindSchema(
  'A CertificateRequest asks an issuer to sign one CSR. It is signed once approved, and never changes afterwards.',
  certificateRequestSpecSchema,
  certificateRequestStatusSchema,
);

export interface CertificateRequestSpec extends Static<typeof certificateRequestSpecSchema> {}
export interface CertificateRequestStatus extends Static<typeof certificateRequestStatusSchema> {}
/** A CertificateRequest object, see spec/api.md §10. */
export interface CertificateRequest extends Static<typeof certificateRequestSchema> {}
