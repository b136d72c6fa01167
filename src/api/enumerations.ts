/** The closed sets of values that fields of the API accept, in the order in which the CRDs list them. */

export const privateKeyAlgorithms = ['RSA', 'ECDSA', 'Ed25519'] as const;
export type PrivateKeyAlgorithm = (typeof privateKeyAlgorithms)[number];

export const privateKeyEncodings = ['PKCS1', 'PKCS8'] as const;
export type PrivateKeyEncoding = (typeof privateKeyEncodings)[number];

export const rotationPolicies = ['Never', 'Always'] as const;
export type RotationPolicy = (typeof rotationPolicies)[number];

export const signatureAlgorithms = [
  'SHA256WithRSA',
  'SHA384WithRSA',
  'SHA512WithRSA',
  'ECDSAWithSHA256',
  'ECDSAWithSHA384',
  'ECDSAWithSHA512',
  'PureEd25519',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** Signature algorithms that a key of each kind can make. */
export const signatureAlgorithmsByKey: Readonly<Record<PrivateKeyAlgorithm, readonly SignatureAlgorithm[]>> =
  {
    RSA: ['SHA256WithRSA', 'SHA384WithRSA', 'SHA512WithRSA'],
    ECDSA: ['ECDSAWithSHA256', 'ECDSAWithSHA384', 'ECDSAWithSHA512'],
    Ed25519: ['PureEd25519'],
  };

/** RFC 5280 §4.2.1.3 and §4.2.1.12 in the words of the API; `signing` and `s/mime` are aliases. */
export const keyUsages = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/** Who answers HTTP-01: a Pod per challenge as cert-manager has it, or the controller itself. */
export const http01Responders = ['Pod', 'Resident'] as const;
export type Http01Responder = (typeof http01Responders)[number];

export const renewalPolicies = ['RenewBefore', 'Disabled'] as const;
export type RenewalPolicy = (typeof renewalPolicies)[number];

export const outputFormats = ['DER', 'CombinedPEM'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export const pkcs12Profiles = ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'] as const;
export type Pkcs12Profile = (typeof pkcs12Profiles)[number];

export const conditionStatuses = ['True', 'False', 'Unknown'] as const;
export type ConditionStatus = (typeof conditionStatuses)[number];

/** States of Orders, Challenges and authorizations; absent means not known yet (RFC 8555 §7.1.6). */
export const acmeStates = [
  'valid',
  'ready',
  'pending',
  'processing',
  'invalid',
  'expired',
  'errored',
] as const;
export type AcmeState = (typeof acmeStates)[number];

/** The first two are cert-manager's; the others are ours. */
export const challengeTypes = ['HTTP-01', 'DNS-01', 'TLS-ALPN-01', 'DNS-PERSIST-01'] as const;
export type ChallengeType = (typeof challengeTypes)[number];
