/** Condition types, condition reasons and event reasons (spec/api.md §4, §10, §11; spec/certificate-lifecycle.md §7, §12-§26). */

/** Condition types. */
export const conditionTypes = {
  ready: 'Ready',
  issuing: 'Issuing',
  approved: 'Approved',
  denied: 'Denied',
  invalidRequest: 'InvalidRequest',
} as const;

/** Why a Certificate is not as it should be: reasons of Ready=False and Issuing=True, and of the event Issuing. */
export const violations = {
  doesNotExist: 'DoesNotExist',
  missingData: 'MissingData',
  invalidKeyPair: 'InvalidKeyPair',
  invalidCertificate: 'InvalidCertificate',
  incorrectIssuer: 'IncorrectIssuer',
  incorrectCertificate: 'IncorrectCertificate',
  secretMismatch: 'SecretMismatch',
  invalidCertificateRequest: 'InvalidCertificateRequest',
  requestChanged: 'RequestChanged',
  renewing: 'Renewing',
  expired: 'Expired',
  windowError: 'WindowError',
} as const;
export type Violation = (typeof violations)[keyof typeof violations];

/** Further reasons of a Certificate's conditions. */
export const certificateReasons = {
  ready: 'Ready',
  /** Issuing=False under server-side apply. */
  issued: 'Issued',
  /** Written by command line tools that ask for a renewal. */
  manuallyTriggered: 'ManuallyTriggered',
} as const;

/** Reasons of a CertificateRequest's conditions. */
export const requestReasons = {
  pending: 'Pending',
  failed: 'Failed',
  issued: 'Issued',
  denied: 'Denied',
  /** Approved=True by the approver of the controller; also the reason of its event. */
  approved: 'cert-manager.io',
} as const;

/** Reasons of an issuer's Ready condition. */
export const issuerReasons = {
  isReady: 'IsReady',
  keyPairVerified: 'KeyPairVerified',
  errGetKeyPair: 'ErrGetKeyPair',
  errInvalidKeyPair: 'ErrInvalidKeyPair',
  vaultVerified: 'VaultVerified',
  vaultError: 'VaultError',
  venafiStarted: 'Certificate Manager issuer started',
  errorSetup: 'ErrorSetup',
  authFailed: 'AuthFailed',
  acmeAccountRegistered: 'ACMEAccountRegistered',
  errRegisterAcmeAccount: 'ErrRegisterACMEAccount',
  errVerifyAcmeAccount: 'ErrVerifyACMEAccount',
  errUpdateAcmeAccount: 'ErrUpdateACMEAccount',
  invalidConfig: 'InvalidConfig',
  invalidUrl: 'InvalidURL',
  invalidSolver: 'InvalidSolver',
} as const;

/** Reasons of events on Certificates. */
export const certificateEvents = {
  issuing: 'Issuing',
  windowError: 'WindowError',
  generated: 'Generated',
  reused: 'Reused',
  deleted: 'Deleted',
  decodeFailed: 'DecodeFailed',
  cannotRegenerateKey: 'CannotRegenerateKey',
  requested: 'Requested',
  requestFailed: 'RequestFailed',
  keystorePasswordSecretNotFound: 'KeystorePasswordSecretNotFound',
  ariError: 'ARIError',
} as const;

/** Reasons of events on CertificateRequests. */
export const requestEvents = {
  approved: 'cert-manager.io',
  waitingForApproval: 'WaitingForApproval',
  issuerNotFound: 'IssuerNotFound',
  issuerTypeMissing: 'IssuerTypeMissing',
  issuerNotReady: 'IssuerNotReady',
  certificateIssued: 'CertificateIssued',
  decodeError: 'DecodeError',
  secretMissing: 'SecretMissing',
  secretInvalidData: 'SecretInvalidData',
  secretGetError: 'SecretGetError',
  signingError: 'SigningError',
  missingSecret: 'MissingSecret',
  missingAnnotation: 'MissingAnnotation',
  errorParsingKey: 'ErrorParsingKey',
  errorGettingSecret: 'ErrorGettingSecret',
  errorGenerating: 'ErrorGenerating',
  errorPublicKey: 'ErrorPublicKey',
  errorKeyMatch: 'ErrorKeyMatch',
  errorSigning: 'ErrorSigning',
  badConfig: 'BadConfig',
  orderCreated: 'OrderCreated',
  orderPending: 'OrderPending',
  orderCreatingError: 'OrderCreatingError',
  orderGetError: 'OrderGetError',
  requestParsingError: 'RequestParsingError',
  invalidOrder: 'InvalidOrder',
  orderBuildingError: 'OrderBuildingError',
  orderFailed: 'OrderFailed',
  vaultInitError: 'VaultInitError',
  venafiInitError: 'VenafiInitError',
  issuancePending: 'IssuancePending',
  customFieldsError: 'CustomFieldsError',
  requestError: 'RequestError',
  retrieveError: 'RetrieveError',
  parseError: 'ParseError',
} as const;

/** Reasons of events on Orders. The last is ours, and also on Challenges. */
export const orderEvents = {
  created: 'Created',
  complete: 'Complete',
  solver: 'Solver',
  refused: 'Refused',
} as const;

/** Reasons of events on Issuers and ClusterIssuers; besides these, reasons of the Ready condition. */
export const issuerEvents = {
  errInitIssuer: 'ErrInitIssuer',
  keyPairVerified: 'KeyPairVerified',
  ready: 'Ready',
  errGetKeyPair: 'ErrGetKeyPair',
  errInvalidKeyPair: 'ErrInvalidKeyPair',
  invalidUrl: 'InvalidURL',
  errRegisterAcmeAccount: 'ErrRegisterACMEAccount',
  errUpdateAcmeAccount: 'ErrUpdateACMEAccount',
} as const;
