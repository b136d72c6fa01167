/** The ordered checks that say whether a Certificate's Secret is what the spec wants (lifecycle §7). Pure. */
import type { Certificate } from '../../api/certificate.ts';
import { annotationKeys, secretKeys } from './constants.ts';
import { issuerChain } from './fallback/issuer-chain.ts';
import { otherIssuer } from './issuer-match.ts';
import type { RenewalPlan } from './renewal-info/plan.ts';
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
  renewal: RenewalPlan | undefined;
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

const secretExists: Policy = ({ secret, certificate }) =>
  secret === undefined
    ? {
        reason: 'DoesNotExist',
        message: `Secret "${certificate.spec.secretName}" does not exist: a certificate has to be issued into it`,
      }
    : undefined;

const secretHasData: Policy = ({ secret }) => {
  if (secret === undefined) return undefined;
  const missing = (what: string): Violation => ({
    reason: 'MissingData',
    message: `Secret "${secret.name}" holds ${what}: a certificate has to be issued into it`,
  });
  if (secret.dataKeys.length === 0) return missing('no data');
  if (secret.privateKey === undefined) return missing(`no private key (${secretKeys.privateKey})`);
  if (secret.certificate === undefined) return missing(`no certificate (${secretKeys.certificate})`);
  return undefined;
};

const keyPairFits: Policy = ({ secret }) => {
  if (secret === undefined) return undefined;
  const { privateKey: key, certificate } = secret;
  if (key === undefined || certificate === undefined) return undefined;
  if (!key.ok) {
    return {
      reason: 'InvalidKeyPair',
      message: `The private key in Secret "${secret.name}" (${secretKeys.privateKey}) cannot be used: ${key.error}`,
    };
  }
  if (!certificate.ok) {
    return {
      reason: 'InvalidCertificate',
      message: `The certificate in Secret "${secret.name}" (${secretKeys.certificate}) cannot be read: ${certificate.error}`,
    };
  }
  if (key.value.publicKeyHash === certificate.value.publicKeyHash) return undefined;
  return {
    reason: 'InvalidKeyPair',
    message: `The private key and the certificate in Secret "${secret.name}" do not belong together`,
  };
};

const issuerFits: Policy = ({ secret, certificate }) => {
  if (secret === undefined) return undefined;
  // Whoever may stand in for the issuer in the spec may have issued it.
  const [first, ...fallbacks] = issuerChain(certificate).issuers;
  const other = otherIssuer(secret.annotations, first);
  // A Secret that does not say whose certificate it holds, as with a temporary one, is nobody's.
  const says = secret.annotations[annotationKeys.issuerName] !== undefined;
  if (says && fallbacks.some((ref) => otherIssuer(secret.annotations, ref) === undefined)) return undefined;
  return other === undefined
    ? undefined
    : {
        reason: 'IncorrectIssuer',
        message: other.endsWith('/')
          ? `Secret "${secret.name}" does not say which issuer its certificate is from`
          : `Secret "${secret.name}" holds a certificate of "${other}", but spec.issuerRef names another issuer now`,
      };
};

const certificateNameFits: Policy = ({ secret, certificate }) => {
  const name = secret?.annotations[annotationKeys.certificateName];
  if (name === undefined || name === certificate.metadata?.name) return undefined;
  return {
    reason: 'IncorrectCertificate',
    message: `Secret "${certificate.spec.secretName}" was issued for Certificate "${name}". If this message stays, two Certificates name the same Secret: give one of them another spec.secretName`,
  };
};

const keyFitsSpec: Policy = ({ secret, certificate }) => {
  if (secret?.privateKey?.ok !== true) return undefined;
  const fields = keyViolations(certificate.spec, secret.privateKey.value);
  if (fields.length === 0) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `The private key in Secret "${secret.name}" is not what the Certificate asks for now: ${fieldList(fields)}`,
  };
};

const keyFitsRequest: Policy = ({ secret, current }) => {
  if (current === undefined || secret?.privateKey?.ok !== true) return undefined;
  if (!current.csr.ok) {
    return {
      reason: 'InvalidCertificateRequest',
      message: `The CSR in CertificateRequest "${current.name}", the current one, cannot be read: ${current.csr.error}`,
    };
  }
  if (current.csr.value.publicKeyHash === secret.privateKey.value.publicKeyHash) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `The private key in Secret "${secret.name}" is not the one of CertificateRequest "${current.name}", the current one`,
  };
};

const namesFitSpec: Policy = ({ secret, certificate, current }) => {
  if (current !== undefined) {
    if (!current.csr.ok) return undefined;
    const fields = requestViolations(certificate.spec, current, issuerChain(certificate).issuers);
    if (fields.length === 0) return undefined;
    return {
      reason: 'RequestChanged',
      message: `The Certificate changed since CertificateRequest "${current.name}" was made: ${fieldList(fields)}`,
    };
  }
  if (secret?.certificate?.ok !== true) return undefined;
  const fields = certificateViolations(certificate.spec, secret.certificate.value);
  if (fields.length === 0) return undefined;
  return {
    reason: 'SecretMismatch',
    message: `The certificate in Secret "${secret.name}" is not what the Certificate asks for now: ${fieldList(fields)}`,
  };
};

const renewalIsNotDue: Policy = ({ renewal, nowMs }) => {
  if (renewal?.at === undefined || renewal.at > nowMs) return undefined;
  if (renewal.error !== undefined) return { reason: 'WindowError', message: renewal.error };
  return {
    reason: 'Renewing',
    message: `Renewal is due since ${goTime(renewal.at)}${becauseAsked(renewal)}`,
  };
};

function becauseAsked({ asked }: RenewalPlan): string {
  if (asked === undefined) return '';
  const { start, end, urgent, explanationURL } = asked;
  const window = `between ${goTime(start)} and ${goTime(end)}`;
  const why = explanationURL === undefined ? '' : `; it explains why at ${explanationURL}`;
  return urgent
    ? `: the CA asks to replace this certificate at once, it wanted that ${window}${why}`
    : `: the CA asks for renewal ${window}${why}`;
}

const hasNotExpired: Policy = ({ secret, nowMs }) => {
  if (secret?.certificate?.ok !== true || nowMs <= secret.certificate.value.notAfter) return undefined;
  const on = new Date(secret.certificate.value.notAfter).toUTCString().replace(/GMT$/, 'UTC');
  return { reason: 'Expired', message: `The certificate in Secret "${secret.name}" expired on ${on}` };
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
