/** Certificate: what a subscriber wants in a Secret, and what is there (cert-manager.io/v1). */
import { nameConstraintsSchema, otherNamesSchema, subjectSchema } from './certificate-names.ts';
import { observedConditions } from './condition.ts';
import {
  keyUsages,
  outputFormats,
  privateKeyAlgorithms,
  privateKeyEncodings,
  rotationPolicies,
  signatureAlgorithms,
} from './enumerations.ts';
import { issuerReferenceSchema } from './issuer-reference.ts';
import { keystoresSchema } from './keystores.ts';
import { kindSchema } from './kind.ts';
import { renewalSchema } from './renewal.ts';
import {
  duration,
  flag,
  int32,
  integer,
  list,
  object,
  oneOf,
  optional,
  rules,
  text,
  textMap,
  texts,
  time,
  type Rule,
  type Static,
} from './schema.ts';

export const privateKeySchema = object('Settings of the private key.', {
  rotationPolicy: optional(
    oneOf(
      rotationPolicies,
      'Always (default): a new key with every certificate. Never: keep the key in the Secret while it fits the spec.',
    ),
  ),
  encoding: optional(
    oneOf(
      privateKeyEncodings,
      'Form of tls.key. PKCS1 (default): RSA PRIVATE KEY or EC PRIVATE KEY. PKCS8: PRIVATE KEY. Ed25519 is always PKCS8. Takes effect with the next certificate.',
    ),
  ),
  algorithm: optional(oneOf(privateKeyAlgorithms, 'Key algorithm. Default: RSA.')),
  size: optional(
    integer(
      'RSA: bits, 2048 (default) to 8192. ECDSA: curve, 256 (default), 384 or 521. Ignored for Ed25519.',
    ),
  ),
});

export const secretTemplateSchema = object(
  'Labels and annotations to put on the target Secret; taken away again when removed here.',
  {
    annotations: optional(
      textMap(
        'Annotations. Keys below cert-manager.io/ are reserved, except cert-manager.io/allow-direct-injection.',
      ),
    ),
    labels: optional(textMap('Labels.')),
  },
);

const nameRule: Rule = {
  rule: [
    "(has(self.commonName) && self.commonName != '')",
    "(has(self.literalSubject) && self.literalSubject != '')",
    ...['dnsNames', 'ipAddresses', 'uris', 'emailAddresses', 'otherNames'].map(
      (list) => `(has(self.${list}) && size(self.${list}) > 0)`,
    ),
  ].join(' || '),
  message:
    'a certificate needs a name: set at least one of dnsNames, ipAddresses, uris, emailAddresses, otherNames, commonName and literalSubject',
};

const specRules = rules(
  nameRule,
  {
    rule: '!(has(self.renewBefore) && has(self.renewBeforePercentage))',
    message: 'renewBefore and renewBeforePercentage exclude each other; set one of them',
    fieldPath: '.renewBefore',
  },
  {
    rule: '!has(self.nameConstraints) || (has(self.isCA) && self.isCA)',
    message: 'only a CA can constrain names; set isCA to true or take nameConstraints away',
    fieldPath: '.nameConstraints',
  },
);

export const certificateSpecSchema = object(
  'What is wanted. At least one name is needed.',
  {
    subject: optional(subjectSchema),
    literalSubject: optional(
      text(
        'Whole subject as an RFC 4514 string, for example CN=web,OU=shop,O=example, where order matters. Excludes subject and commonName.',
      ),
    ),
    commonName: optional(
      text(
        'Common name (CN), at most 64 bytes. Clients look at subject alternative names; repeat it in dnsNames.',
        { maxLength: 64 },
      ),
    ),
    duration: optional(
      duration(
        'Lifetime to ask for, at least 1h. Go duration: h, m, s, no days. Default: 2160h (90 days). Issuers may cut it.',
      ),
    ),
    renewBefore: optional(
      duration(
        'Renew this long before expiry, at least 5m and less than duration. Default: a third of the lifetime. Excludes renewBeforePercentage.',
      ),
    ),
    renewBeforePercentage: optional(
      int32(
        'Renew when this share of the issued lifetime, in percent, is left. 1 to 99. Excludes renewBefore.',
      ),
    ),
    renewal: optional(renewalSchema),
    dnsNames: optional(texts('DNS subject alternative names; wildcards as *.example.com.')),
    ipAddresses: optional(texts('IPv4 and IPv6 subject alternative names.')),
    uris: optional(texts('URI subject alternative names, for example spiffe://cluster.local/ns/a/sa/b.')),
    emailAddresses: optional(texts('Mailbox subject alternative names, only the address itself.')),
    otherNames: optional(otherNamesSchema),
    secretName: text(
      'Secret of the same namespace that receives key and certificate. Created when missing; one Certificate a Secret.',
    ),
    secretTemplate: optional(secretTemplateSchema),
    keystores: optional(keystoresSchema),
    issuerRef: issuerReferenceSchema,
    isCA: optional(flag('Ask for a CA certificate; adds the usage cert sign. Default: false.')),
    usages: optional(
      list(
        oneOf(keyUsages, 'A key usage or extended key usage.'),
        'Key usages and extended key usages. Default: digital signature and key encipherment.',
      ),
    ),
    privateKey: optional(privateKeySchema),
    signatureAlgorithm: optional(
      oneOf(
        signatureAlgorithms,
        'How the request is signed; must fit privateKey.algorithm. Default: by key size.',
      ),
    ),
    encodeUsagesInRequest: optional(flag('Put usages into the request. Default: true.')),
    revisionHistoryLimit: optional(
      int32('How many CertificateRequests to keep, at least 1. Default: 1.', { minimum: 1 }),
    ),
    additionalOutputFormats: optional(
      list(
        object('An extra form.', {
          type: oneOf(
            outputFormats,
            'DER: key.der with the key. CombinedPEM: tls-combined.pem with key and chain.',
          ),
        }),
        'Extra forms of key and certificate in the Secret; each type once.',
      ),
    ),
    nameConstraints: optional(nameConstraintsSchema),
  },
  specRules,
);

const renewalInformationSchema = object('ACME renewal information (RFC 9773) of the current certificate.', {
  suggestedWindow: optional(
    object('When the CA suggests to renew.', {
      start: time('Earliest time.'),
      end: time('Latest time.'),
    }),
  ),
  explanationURL: optional(text('Page of the CA that says why.')),
  lastChecked: optional(time('When the CA was last asked.')),
  nextCheck: optional(time('When to ask again.')),
  lastError: optional(text('Why the last question failed.')),
});

export const certificateStatusSchema = object('What is there. Written by the controllers.', {
  conditions: optional(observedConditions('Ready, Issuing')),
  lastFailureTime: optional(time('Time of the last failed attempt; absent after a success.')),
  notBefore: optional(time('Start of validity of the certificate in the Secret.')),
  notAfter: optional(time('End of validity of the certificate in the Secret.')),
  renewalTime: optional(time('When renewal is planned; absent when it is disabled.')),
  revision: optional(integer('Counts issued certificates; that of the CertificateRequest last issued.')),
  nextPrivateKeySecretName: optional(
    text('Secret with the key of the certificate being issued; absent when none is.'),
  ),
  failedIssuanceAttempts: optional(
    integer('Failed attempts in a row; each doubles the wait before the next. Absent after a success.'),
  ),
  acme: optional(
    object('What the ACME server says.', {
      ari: optional(renewalInformationSchema),
    }),
  ),
});

export const certificateSchema = kindSchema(
  'A Certificate keeps a Secret supplied with a private key and a certificate from an issuer, and renews it in time.',
  certificateSpecSchema,
  certificateStatusSchema,
);

export interface PrivateKeySpec extends Static<typeof privateKeySchema> {}
export interface SecretTemplate extends Static<typeof secretTemplateSchema> {}
export interface CertificateSpec extends Static<typeof certificateSpecSchema> {}
export interface CertificateStatus extends Static<typeof certificateStatusSchema> {}
/** A Certificate object, see spec/api.md §3 and §4 for meaning and defaults. */
export interface Certificate extends Static<typeof certificateSchema> {}
