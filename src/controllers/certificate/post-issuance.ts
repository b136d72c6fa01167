/** What is wrong with a target Secret's metadata and extra entries although its certificate is good (lifecycle §19). Pure. */
import type { Certificate } from '../../api/certificate.ts';
import { annotationKeys, labelKeys, secretKeys } from './constants.ts';
import { templateOf } from './secret-template.ts';
import type { OwnedFields, SecretFacts } from './secret-facts.ts';

export interface Mismatch {
  reason: string;
  message: string;
}

type Values = Readonly<Record<string, string>>;

interface Input {
  certificate: Certificate;
  secret: SecretFacts;
  details: Values;
  template: { labels: Values; annotations: Values };
  owned: OwnedFields;
  ownerRef: boolean;
}

const bookkeeping: ReadonlySet<string> = new Set([
  annotationKeys.certificateName,
  annotationKeys.issuerName,
  annotationKeys.issuerKind,
  annotationKeys.issuerGroup,
]);

/** Keys with our prefixes are ours; allow-direct-injection is the user's even so (lifecycle §27.5). */
function isOurs(key: string): boolean {
  if (key === annotationKeys.allowDirectInjection) return false;
  return key.startsWith('cert-manager.io/') || key.startsWith('controller.cert-manager.io/');
}

type Check = (input: Input) => Mismatch | undefined;

const baseLabel: Check = ({ secret }) => {
  const value = secret.labels[labelKeys.filtered];
  if (value === undefined || value === 'true') return undefined;
  return {
    reason: 'SecretManagedMetadataMismatch',
    message: `wrong base label ${labelKeys.filtered} value "${value}", expected "true"`,
  };
};

const detailValues: Check = ({ secret, details }) => {
  for (const [key, wanted] of Object.entries(details)) {
    const have = secret.annotations[key];
    if (have !== undefined && have !== wanted) {
      return {
        reason: 'SecretTemplateMismatch',
        message: `Secret annotation ${key} is "${have}", but the certificate says "${wanted}"`,
      };
    }
  }
  return undefined;
};

function difference(
  owned: readonly string[],
  wanted: readonly string[],
  reason: string,
  what: string,
): Mismatch | undefined {
  const missing = wanted.filter((key) => !owned.includes(key));
  if (missing.length > 0)
    return { reason, message: `Secret is missing these ${what}: [${missing.join(' ')}]` };
  const extra = owned.filter((key) => !wanted.includes(key));
  return extra.length > 0
    ? { reason, message: `Secret has these extra ${what}: [${extra.join(' ')}]` }
    : undefined;
}

const managedKeys: Check = ({ owned, details }) => {
  const reason = 'SecretManagedMetadataMismatch';
  const annotations = owned.annotations.filter((key) => isOurs(key) && !bookkeeping.has(key));
  return (
    difference(owned.labels.filter(isOurs), [labelKeys.filtered], reason, 'Managed Labels') ??
    difference(annotations, Object.keys(details), reason, 'Managed Annotations')
  );
};

const templateValues: Check = ({ secret, template }) => {
  for (const what of ['annotations', 'labels'] as const) {
    for (const [key, value] of Object.entries(template[what])) {
      // What we manage wins over the template, so such a key is no mismatch.
      if (isOurs(key) || secret[what][key] === value) continue;
      return {
        reason: 'SecretTemplateMismatch',
        message: `Secret's ${what} lack secretTemplate's ${key}, or have another value`,
      };
    }
  }
  return undefined;
};

const templateKeys: Check = ({ owned, template }) => {
  const reason = 'SecretTemplateMismatch';
  const theirs = (keys: readonly string[]): string[] => keys.filter((key) => !isOurs(key));
  return (
    difference(theirs(owned.labels), theirs(Object.keys(template.labels)), reason, 'Template Labels') ??
    difference(
      theirs(owned.annotations),
      theirs(Object.keys(template.annotations)),
      reason,
      'Template Annotations',
    )
  );
};

const outputFormats: Check = ({ certificate, secret, owned }) => {
  const reason = 'AdditionalOutputFormatsMismatch';
  const wanted = new Set(certificate.spec.additionalOutputFormats?.map((format) => format.type));
  const formats = [
    [wanted.has('DER'), secretKeys.derKey, secret.derKeyRight],
    [wanted.has('CombinedPEM'), secretKeys.combinedPem, secret.combinedPemRight],
  ] as const;
  for (const [want, key, right] of formats) {
    if (want && right !== true)
      return {
        reason,
        message: `Secret entry ${key} is missing or does not match ${secretKeys.privateKey} and ${secretKeys.certificate}`,
      };
  }
  for (const [want, key] of formats) {
    if (want !== owned.data.includes(key))
      return {
        reason,
        message: `Secret entry ${key} is ${want ? 'not managed by us' : 'not asked for any more'}`,
      };
  }
  return undefined;
};

const ownerReference: Check = ({ certificate, secret, owned, ownerRef }) => {
  const reason = 'SecretOwnerRefMismatch';
  const { name, uid } = certificate.metadata ?? {};
  if (ownerRef) {
    const found = secret.ownerReferences.find((reference) => reference.uid === uid);
    const right =
      found?.name === name &&
      found?.kind === 'Certificate' &&
      found?.controller === true &&
      found?.blockOwnerDeletion === true;
    if (!right) return { reason, message: `Secret lacks the owner reference to Certificate "${name}"` };
  }
  if (owned.ownerReferences !== ownerRef) {
    return {
      reason,
      message: `owner references on Secrets are switched ${ownerRef ? 'on' : 'off'}, but the Secret ${ownerRef ? 'has none of ours' : 'has ours'}`,
    };
  }
  return undefined;
};

const keystores: Check = ({ certificate, secret, owned }) => {
  const reason = 'SecretMismatch';
  const { jks, pkcs12 } = certificate.spec.keystores ?? {};
  const kinds = [
    ['JKS', jks?.create === true, secretKeys.jks, secretKeys.jksTruststore],
    ['PKCS12', pkcs12?.create === true, secretKeys.pkcs12, secretKeys.pkcs12Truststore],
  ] as const;
  for (const [kind, create, store, trust] of kinds) {
    const wanted = create ? [store, ...(secret.hasCa ? [trust] : [])] : [];
    for (const key of wanted) {
      if (!secret.dataKeys.includes(key) || secret.emptyKeys.includes(key)) {
        return { reason, message: `${kind} keystore entry ${key} is missing or empty` };
      }
    }
    for (const key of [store, trust]) {
      if (!create && owned.data.includes(key))
        return { reason, message: `${kind} keystore entry ${key} is not asked for any more` };
    }
  }
  return undefined;
};

const checks: readonly Check[] = [
  baseLabel,
  detailValues,
  managedKeys,
  templateValues,
  templateKeys,
  outputFormats,
  ownerReference,
  keystores,
];

/**
 * The first mismatch, or undefined when the Secret is as it should be. Nothing is judged when managed fields or the
 * certificate cannot be read: applying blindly over what we do not understand helps nobody.
 */
export function postIssuance(
  secret: SecretFacts,
  certificate: Certificate,
  ownerRef: boolean,
): Mismatch | undefined {
  if (!secret.owned.ok || secret.certificate?.ok !== true || secret.immutable) return undefined;
  const input: Input = {
    certificate,
    secret,
    details: secret.certificate.value.details,
    template: templateOf(certificate.spec),
    owned: secret.owned.value,
    ownerRef,
  };
  for (const check of checks) {
    const mismatch = check(input);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}
