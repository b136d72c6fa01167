/** Turns a Secret as the API sends it into the facts that may stay in memory. */
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { cacheKey } from '../../kube/cache.ts';
import { PkiError } from '../../pki/errors.ts';
import { decodeFirstPem, defaultPemLimits } from '../../pki/pem.ts';
import { secretKeys } from './constants.ts';
import { hashOf, KeyFacts } from './key-facts.ts';
import { readManagedFields } from './managed-fields.ts';
import type { CertificateFacts, Parsed, SecretFacts } from './secret-facts.ts';

/** Facts about a Secret of which only metadata was asked for. */
export function trimSecretMetadata(object: KubeObject): SecretFacts {
  return { ...metadataFacts(object), metadataOnly: true };
}

export function trimSecret(object: KubeObject, keys = new KeyFacts()): SecretFacts {
  const facts: SecretFacts = metadataFacts(object);
  const secret: Secret = object;
  const data = new Map(Object.entries(secret.data ?? {}));
  facts.type = secret.type;
  facts.immutable = secret.immutable === true;
  facts.dataKeys = [...data.keys()];
  facts.emptyKeys = facts.dataKeys.filter((key) => data.get(key) === '');
  const bytes = (key: string): Buffer | undefined => {
    const value = data.get(key);
    return value === undefined || value === '' ? undefined : Buffer.from(value, 'base64');
  };
  const chain = bytes(secretKeys.certificate);
  const key = bytes(secretKeys.privateKey);
  facts.hasCa = bytes(secretKeys.ca) !== undefined;
  if (chain !== undefined) {
    const hash = hashOf(chain);
    facts.certificate = parsed((): CertificateFacts => keys.leaf(chain, hash));
    facts.chainHash = hash;
  }
  if (key !== undefined) facts.privateKey = parsed(() => keys.of(key));
  const combined = bytes(secretKeys.combinedPem);
  if (combined !== undefined && key !== undefined && chain !== undefined) {
    facts.combinedPemRight = combined.equals(combinedPem(key, chain));
  }
  const der = bytes(secretKeys.derKey);
  if (der !== undefined && key !== undefined) {
    const wanted = parsed(() => decodeFirstPem(key, defaultPemLimits.privateKey).der);
    facts.derKeyRight = wanted.ok && der.equals(wanted.value);
  }
  return facts;
}

/** `tls-combined.pem`: key, newline, chain (api.md §8). */
export function combinedPem(key: Uint8Array, chain: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.from('\n'), chain]);
}

/** What the pki room refuses is a fact about the Secret; anything else is a fault of ours. */
export function parsed<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof PkiError) return { ok: false, error: error.message };
    throw error;
  }
}

function metadataFacts(object: KubeObject): SecretFacts {
  const {
    name = '',
    namespace = '',
    uid = '',
    resourceVersion = '',
    labels,
    annotations,
    ownerReferences,
    managedFields,
  } = object.metadata ?? {};
  return {
    key: cacheKey(namespace, name),
    namespace,
    name,
    uid,
    resourceVersion,
    immutable: false,
    labels: labels ?? {},
    annotations: withoutBulk(annotations ?? {}),
    ownerReferences: ownerReferences ?? [],
    metadataOnly: false,
    dataKeys: [],
    emptyKeys: [],
    hasCa: false,
    ...readManagedFields(managedFields ?? []),
  };
}

/** kubectl's copy of an applied Secret holds its data, private key included: it must not stay in memory. */
function withoutBulk(annotations: Record<string, string>): Record<string, string> {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _dropped, ...rest } = annotations;
  return rest;
}
