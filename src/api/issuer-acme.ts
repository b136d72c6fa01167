/** The ACME section of an issuer: a CA that speaks RFC 8555 signs. */
import { secretKeySelector } from './secret-reference.ts';
import { bytes, flag, list, object, oneOf, optional, text, type Static } from './schema.ts';
import { solverSchema } from './solver.ts';

export const externalAccountBindingSchema = object(
  'Credentials that tie the ACME account to an existing account with the CA (RFC 8555 §7.3.4).',
  {
    keyID: text('Key identifier that the CA gave out.'),
    keySecretRef: secretKeySelector(
      'Secret entry with the MAC key that the CA gave out, as unpadded base64url.',
    ),
    keyAlgorithm: optional(
      oneOf(['HS256', 'HS384', 'HS512'], 'MAC algorithm of the binding. Default: HS256.'),
    ),
  },
);

export const acmeIssuerSchema = object('Signs with an ACME CA.', {
  server: text('URL of the directory, for example https://acme-v02.api.letsencrypt.org/directory.'),
  email: optional(text('Contact address of the account; the CA may send warnings there.')),
  preferredChain: optional(
    text(
      'Common name of the issuer of the top-most certificate to prefer, when the CA offers several chains.',
      {
        maxLength: 64,
      },
    ),
  ),
  caBundle: optional(
    bytes('PEM certificates to verify the server with. Excludes skipTLSVerify. Default: the system roots.'),
  ),
  skipTLSVerify: optional(flag('Do not verify the server; for tests only, prefer caBundle. Default: false.')),
  externalAccountBinding: optional(externalAccountBindingSchema),
  privateKeySecretRef: secretKeySelector(
    'Secret entry with the account key; created when missing.',
    'Default: tls.key.',
  ),
  solvers: optional(list(solverSchema, 'How to prove control of names. The most specific selector wins.')),
  disableAccountKeyGeneration: optional(
    flag('Wait for the account key instead of creating one. Default: false.'),
  ),
  enableDurationFeature: optional(
    flag('Send the wanted lifetime with an order; fails with CAs that do not support it. Default: false.'),
  ),
  renewalInformationSource: optional(
    oneOf(
      ['ARI', 'None'],
      'Whether the CA is asked when to renew (RFC 9773). None: only the Certificate says. Default: ARI.',
    ),
  ),
  profile: optional(text('Certificate profile to ask for. Default: the choice of the CA.')),
});

export interface ExternalAccountBinding extends Static<typeof externalAccountBindingSchema> {}
export interface AcmeIssuer extends Static<typeof acmeIssuerSchema> {}
