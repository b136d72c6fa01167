/** The ordered checks that say whether a Certificate's Secret is what the spec wants (lifecycle §7). Pure. */
import type { Certificate } from '../../api/certificate.ts';
import { annotationKeys, secretKeys } from './constants.ts';
import { otherIssuer } from './issuer-match.ts';
import type { RenewalTime } from './renewal.ts';
import { goTime } from './renewal.ts';
import { certificateViolations, fieldList, keyViolations, requestViolations } from './request-match.ts';
import type { RequestFacts } from './request-facts.ts';
import type { SecretFacts } from './secret-facts.ts';

export interface PolicyInput {
  certificate: Certificate;
  secret: SecretFacts | undefined;
  /** The request of revision `status.revision`. */
  current: RequestFacts | undefined;
  /** From the certificate in the Secret; undefined when there is none that can be read. */
  renewal: RenewalTime | undefined;
  nowMs: number;
}

export type Reason =
  | 'DoesNotExist'
  | 'MissingData'
  | 'InvalidKeyPair'
  | 'InvalidCertificate'
  | 'IncorrectIssuer'
  | 'IncorrectCertificate'
  | 'SecretMismatch'
  | 'InvalidCertificateRequest'
  | 'RequestChanged'
  | 'Renewing'
  | 'Expired'
  | 'WindowError';

export interface Violation {
  reason: Reason;
  message: string;
}

export type Policy = (input: PolicyInput) => Violation | undefined;

const secretExists: Policy = ({ secret }) =>
  secret === undefined
    ? { reason: 'DoesNotExist', message: 'Issuing certificate as Secret does not exist' }
    : undefined;

const secretHasData: Policy = ({ secret }) => {
  if (secret === undefined) return undefined;
  const missing = (what: string): Violation => ({
    reason: 'MissingData',
    message: `Issuing certificate as Secret does not contain ${what}`,
  });
  if (secret.dataKeys.length === 0) return missing('any data');
  if (secret.privateKey === undefined) return missing('a private key');
  if (secret.certificate === undefined) return missing('a certificate');
  return undefined;
};

const keyPairFits: Policy = ({ secret }) => {
  const key = secret?.privateKey;
  const certificate = secret?.certificate;
  if (key === undefined || certificate === undefined) return undefined;
  if (!key.ok) {
    return {
      reason: 'InvalidKeyPair',
      message: `Issuing certificate as Secret contains invalid private key data in ${secretKeys.privateKey}: ${key.error}`,
    };
  }
  if (!certificate.ok) {
    return {
      reason: 'InvalidCertificate',
      message: `Issuing certificate as Secret contains an invalid certificate in ${secretKeys.certificate}: ${certificate.error}`,
    };
  }
  if (key.value.publicKeyHash === certificate.value.publicKeyHash) return undefined;
  return {
    reason: 'InvalidKeyPair',
    message: 'Issuing certificate as Secret contains a private key that does not match the certificate',
  };
};

const issuerFits: Policy = ({ secret, certificate }) => {
  if (secret === undefined) return undefined;
  const other = otherIssuer(secret.annotations, certificate.spec.issuerRef);
  return other === undefined
    ? undefined
    : {
        reason: 'IncorrectIssuer',
        message: `Issuing certificate as Secret was previously issued by "${other}"`,
      };
};

const certificateNameFits: Policy = ({ secret, certificate }) => {
  const name = secret?.annotations[annotationKeys.certificateName];
  if (name === undefined || name === certificate.metadata?.name) return undefined;
  return {
    reason: 'IncorrectCertificate',
    message: `Secret was issued for Certificate "${name}". If this message stays, two Certificates name the same Secret: give one of them another spec.secretName`,
  };
};

const keyFitsSpec: Policy = ({ secret, certificate }) => {
  if (secret?.privateKey?.ok !== true) return undefined;
  const fields = keyViolations(certificate.spec, secret.privateKey.value);
  if (fields.length === 0) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `Existing private key is not up to date for spec: ${fieldList(fields)}`,
  };
};

const keyFitsRequest: Policy = ({ secret, current }) => {
  if (current === undefined || secret?.privateKey?.ok !== true) return undefined;
  if (!current.csr.ok) {
    return {
      reason: 'InvalidCertificateRequest',
      message: `Failed to decode current CertificateRequest "${current.name}": ${current.csr.error}`,
    };
  }
  if (current.csr.value.publicKeyHash === secret.privateKey.value.publicKeyHash) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `Secret contains a private key that does not match the current CertificateRequest "${current.name}"`,
  };
};

const namesFitSpec: Policy = ({ secret, certificate, current }) => {
  if (current !== undefined) {
    if (!current.csr.ok) return undefined;
    const fields = requestViolations(certificate.spec, current);
    if (fields.length === 0) return undefined;
    return {
      reason: 'RequestChanged',
      message: `Fields on existing CertificateRequest resource not up to date: ${fieldList(fields)}`,
    };
  }
  if (secret?.certificate?.ok !== true) return undefined;
  const fields = certificateViolations(certificate.spec, secret.certificate.value);
  if (fields.length === 0) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `Issuing certificate as existing issued Secret is not up to date for spec: ${fieldList(fields)}`,
  };
};

const renewalIsNotDue: Policy = ({ renewal, nowMs }) => {
  if (renewal?.at === undefined || renewal.at > nowMs) return undefined;
  if (renewal.error !== undefined) return { reason: 'WindowError', message: renewal.error };
  return {
    reason: 'Renewing',
    message: `Renewing certificate as renewal was scheduled at ${goTime(renewal.at)}`,
  };
};

const hasNotExpired: Policy = ({ secret, nowMs }) => {
  if (secret?.certificate?.ok !== true || nowMs <= secret.certificate.value.notAfter) return undefined;
  const on = new Date(secret.certificate.value.notAfter).toUTCString().replace(/GMT$/, 'UTC');
  return { reason: 'Expired', message: `Certificate expired on ${on}` };
};

/** Checks 1 to 3: nothing usable is there, so a temporary certificate may be put in (lifecycle §20). */
export const usablePolicies: readonly Policy[] = [secretExists, secretHasData, keyPairFits];
const shared: readonly Policy[] = [
  ...usablePolicies,
  issuerFits,
  certificateNameFits,
  keyFitsSpec,
  keyFitsRequest,
  namesFitSpec,
];
export const triggerPolicies: readonly Policy[] = [...shared, renewalIsNotDue];
export const readinessPolicies: readonly Policy[] = [...shared, hasNotExpired];

/** The first check that fails; later ones are not looked at. */
export function firstViolation(policies: readonly Policy[], input: PolicyInput): Violation | undefined {
  for (const policy of policies) {
    const violation = policy(input);
    if (violation !== undefined) return violation;
  }
  return undefined;
}
