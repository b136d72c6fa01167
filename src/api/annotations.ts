/** Every annotation key that we read or write (spec/api.md §18). */

const certManager = 'cert-manager.io';
const acme = 'acme.cert-manager.io';
const venafi = 'venafi.cert-manager.io';
const experimental = 'experimental.cert-manager.io';

/** Annotations whose key starts with one of these cannot change on a CertificateRequest. The whole key counts, not only the part before the slash. */
export const frozenAnnotationPrefixes = [certManager, acme] as const;

/** Annotations of a secretTemplate must not start with this, except allowDirectInjection. */
export const reservedAnnotationPrefix = `${certManager}/`;

/** On the target Secret: which Certificate owns it. On CertificateRequests: which Certificate asked. */
export const certificateName = `${certManager}/certificate-name`;
export const issuerName = `${certManager}/issuer-name`;
export const issuerKind = `${certManager}/issuer-kind`;
export const issuerGroup = `${certManager}/issuer-group`;
export const commonName = `${certManager}/common-name`;
/** One line of CSV (RFC 4180), as are the lists below. */
export const altNames = `${certManager}/alt-names`;
export const ipSans = `${certManager}/ip-sans`;
export const uriSans = `${certManager}/uri-sans`;
export const emailSans = `${certManager}/email-sans`;
export const subjectOrganizations = `${certManager}/subject-organizations`;
export const subjectOrganizationalUnits = `${certManager}/subject-organizationalunits`;
export const subjectCountries = `${certManager}/subject-countries`;
export const subjectProvinces = `${certManager}/subject-provinces`;
export const subjectLocalities = `${certManager}/subject-localities`;
export const subjectPostalCodes = `${certManager}/subject-postalcodes`;
export const subjectStreetAddresses = `${certManager}/subject-streetaddresses`;
export const subjectSerialNumber = `${certManager}/subject-serialnumber`;
/** `true` on a Secret lets CA injection read it. */
export const allowDirectInjection = `${certManager}/allow-direct-injection`;

/** On CertificateRequests. */
export const certificateRevision = `${certManager}/certificate-revision`;
export const privateKeySecretName = `${certManager}/private-key-secret-name`;
export const venafiCustomFields = `${venafi}/custom-fields`;
export const venafiPickupId = `${venafi}/pickup-id`;

/** On Certificates. Exactly `true` turns it on. */
export const issueTemporaryCertificate = `${certManager}/issue-temporary-certificate`;
export const http01OverrideIngressName = `${acme}/http01-override-ingress-name`;
export const http01OverrideIngressClass = `${acme}/http01-override-ingress-class`;
export const http01OverrideIngressClassName = `${acme}/http01-override-ingress-ingressclassname`;
export const http01ParentRefName = `${acme}/http01-parentrefname`;
export const http01ParentRefKind = `${acme}/http01-parentrefkind`;
export const http01ParentRefNamespace = `${acme}/http01-parentrefnamespace`;

/** On Ingress, Gateway and ListenerSet; besides these, the names and subject keys above. */
export const ingressIssuer = `${certManager}/issuer`;
export const ingressClusterIssuer = `${certManager}/cluster-issuer`;
export const tlsAcme = 'kubernetes.io/tls-acme';
export const duration = `${certManager}/duration`;
export const renewBefore = `${certManager}/renew-before`;
export const renewBeforePercentage = `${certManager}/renew-before-percentage`;
export const usages = `${certManager}/usages`;
export const revisionHistoryLimit = `${certManager}/revision-history-limit`;
export const privateKeyAlgorithm = `${certManager}/private-key-algorithm`;
export const privateKeyEncoding = `${certManager}/private-key-encoding`;
export const privateKeySize = `${certManager}/private-key-size`;
export const privateKeyRotationPolicy = `${certManager}/private-key-rotation-policy`;
export const secretTemplate = `${certManager}/secret-template`;
export const ignoreTlsListeners = `${certManager}/ignore-tls-listeners`;
export const http01EditInPlace = `${acme}/http01-edit-in-place`;
export const http01IngressClass = `${acme}/http01-ingress-class`;
export const http01IngressClassName = `${acme}/http01-ingress-ingressclassname`;
export const http01ParentRefFallback = `${acme}/http01-parentreffallback`;
export const ingressClass = 'kubernetes.io/ingress.class';

/** On objects that a CA bundle is injected into. */
export const injectCaFrom = `${certManager}/inject-ca-from`;
export const injectCaFromSecret = `${certManager}/inject-ca-from-secret`;
export const injectApiserverCa = `${certManager}/inject-apiserver-ca`;

/** On Kubernetes CertificateSigningRequests. */
export const requestDuration = `${experimental}/request-duration`;
export const requestIsCA = `${experimental}/request-is-ca`;
export const requestPrivateKeySecretName = `${experimental}/private-key-secret-name`;
export const requestVenafiCustomFields = 'venafi.experimental.cert-manager.io/custom-fields';
export const requestVenafiPickupId = 'venafi.experimental.cert-manager.io/pickup-id';

/** On Certificates: issuers that may stand in for `spec.issuerRef`, in order: `ClusterIssuer/backup,Issuer/internal`. */
export const fallbackIssuers = 'certwright.dev/fallback-issuers';
/** On Certificates: how long an issuer may fail before the next one stands in. Go duration. */
export const fallbackAfter = 'certwright.dev/fallback-after';
/** On issuers: who has to issue for a set of names before this one is asked for the first time: `ClusterIssuer/staging`. */
export const canaryIssuer = 'certwright.dev/canary-issuer';
/** On CertificateRequests: asked for as a rehearsal; its certificate is thrown away. Exactly `true`. */
export const canaryRequest = 'certwright.dev/canary';
/** On Certificates, and so on their CertificateRequests: the ACME profile to ask for instead of that of the issuer. */
export const acmeProfile = 'certwright.dev/acme-profile';
/** On CertificateRequests: how many renewals in a row the CA has asked for early, this one included. */
export const earlyRenewals = 'certwright.dev/early-renewals';
/** On the Secret of an ACME account key: since when a change of the key is under way (RFC 3339). Ours. */
export const accountKeyRollover = 'certwright.dev/account-key-rollover';
/** On the Secret of an ACME account key: when its account was closed by command; the CA is asked, and the issuer says so. Ours. */
export const accountDeactivated = 'certwright.dev/account-deactivated';
