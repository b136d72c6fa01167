/** Java keystores and PKCS#12 bundles as extra entries of the target Secret. */
import { pkcs12Profiles } from './enumerations.ts';
import { secretKeySelector } from './secret-reference.ts';
import { flag, object, oneOf, optional, text, type Static } from './schema.ts';

const password = {
  passwordSecretRef: optional(secretKeySelector('Secret entry with the password. Excludes password.')),
  password: optional(
    text(
      'The password itself, where the format needs one but it protects nothing. Must not be empty. Excludes passwordSecretRef.',
    ),
  ),
};

export const jksKeystoreSchema = object(
  'A Java keystore (JKS) in keystore.jks, and truststore.jks when the issuer gives a CA.',
  {
    create: flag('Write the keystore.'),
    alias: optional(text('Alias of the private key entry, stored in lower case. Default: certificate.')),
    ...password,
  },
);

export const pkcs12KeystoreSchema = object(
  'A PKCS#12 bundle in keystore.p12, and truststore.p12 when the issuer gives a CA.',
  {
    create: flag('Write the bundle.'),
    profile: optional(
      oneOf(
        pkcs12Profiles,
        'Ciphers. LegacyRC2 (default) and LegacyDES: readable everywhere, weak. Modern2023: AES-256 and HMAC-SHA256. Modern2026: the same with a PBMAC1 integrity check (RFC 9579).',
      ),
    ),
    ...password,
  },
);

export const keystoresSchema = object('Extra keystore entries of the target Secret.', {
  jks: optional(jksKeystoreSchema),
  pkcs12: optional(pkcs12KeystoreSchema),
});

export interface JksKeystore extends Static<typeof jksKeystoreSchema> {}
export interface Pkcs12Keystore extends Static<typeof pkcs12KeystoreSchema> {}
export interface CertificateKeystores extends Static<typeof keystoresSchema> {}
