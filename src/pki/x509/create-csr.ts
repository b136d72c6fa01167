/** Certificate signing requests (PKCS#10, RFC 2986) for everything that a Certificate can ask for (lifecycle §11). */
import type { KeyObject } from 'node:crypto';
import {
  bitString,
  constructed,
  objectIdentifier,
  sequence,
  setOf,
  smallInteger,
} from '../asn1/der-writer.ts';
import { oids } from '../asn1/oids.ts';
import { contextConstructed } from '../asn1/tags.ts';
import { CsrError } from '../errors.ts';
import { spkiOf } from '../keys.ts';
import {
  basicConstraintsExtension,
  encodeExtension,
  extKeyUsageExtension,
  keyUsageExtension,
} from './extensions.ts';
import { encodeSubjectAltName, type RequestedNames } from './general-names.ts';
import { keyUsagesOf } from './key-usage.ts';
import { commonNameOf, parseLiteralSubject } from './literal-subject.ts';
import { encodeName, isEmptyName, nameFromFields, type Name, type SubjectFields } from './name.ts';
import { encodeNameConstraints, type NameConstraints } from './name-constraints.ts';
import { signBytes, signBytesInPool, signatureAlgorithmFor } from './signature-algorithm.ts';

/** A plain object with the fields of a Certificate spec that reach its CSR. */
export interface CsrTemplate extends RequestedNames {
  subject?: SubjectFields;
  /** RFC 4514 text; then `subject` and `commonName` must be absent. */
  literalSubject?: string;
  commonName?: string;
  usages?: readonly string[];
  isCA?: boolean;
  /** False leaves KU and EKU out. Default true. */
  encodeUsages?: boolean;
  /** True adds the basicConstraints extension (gate UseCertificateRequestBasicConstraints). Default false. */
  basicConstraints?: boolean;
  nameConstraints?: NameConstraints;
  /** Empty: derived from the key (api.md §6). */
  signatureAlgorithm?: string;
}

const version = smallInteger(0);
const extensionRequest = objectIdentifier(oids.extensionRequest);

/**
 * The DER of a CSR, signed in this thread: 40 us for P-256, but milliseconds for large RSA keys, for which
 * {@link createCsrInPool} exists.
 * @throws NameError, UsageError, CsrError, SignatureError
 */
export function createCsr(template: CsrTemplate, key: KeyObject): Buffer {
  const algorithm = signatureAlgorithmFor(key, template.signatureAlgorithm);
  const info = requestInfo(template, key);
  return sequence(info, algorithm.identifier, bitString(signBytes(algorithm, key, info)));
}

/** As {@link createCsr}, with RSA signatures made in the thread pool. */
export async function createCsrInPool(template: CsrTemplate, key: KeyObject): Promise<Buffer> {
  const algorithm = signatureAlgorithmFor(key, template.signatureAlgorithm);
  const info = requestInfo(template, key);
  return sequence(info, algorithm.identifier, bitString(await signBytesInPool(algorithm, key, info)));
}

/** The subject that a template asks for. */
export function subjectOf(template: Pick<CsrTemplate, 'subject' | 'literalSubject' | 'commonName'>): Name {
  if (!template.literalSubject) return nameFromFields(template.subject ?? {}, template.commonName);
  const fields = Object.values(template.subject ?? {}) as (string | readonly string[])[];
  if (template.commonName || fields.some((value) => value.length > 0)) {
    throw new CsrError('A literal subject excludes the fields of the subject and the common name');
  }
  return parseLiteralSubject(template.literalSubject);
}

function requestInfo(template: CsrTemplate, key: KeyObject): Buffer {
  const name = subjectOf(template);
  const altName = encodeSubjectAltName(template);
  if (altName === undefined && !commonNameOf(name)) {
    throw new CsrError(
      'A certificate needs a name: set a common name, DNS name, IP address, URI, email address or otherName',
    );
  }
  const subject = encodeName(name);
  const extensions = requestedExtensions(template, altName, isEmptyName(subject));
  const attributes =
    extensions.length === 0 ? [] : [sequence(extensionRequest, setOf([sequence(...extensions)]))];
  return sequence(version, subject, spkiOf(key), constructed(contextConstructed(0), attributes));
}

/** SAN, KU, EKU, basicConstraints, nameConstraints, each only when it applies (lifecycle §11). */
function requestedExtensions(
  template: CsrTemplate,
  altName: Buffer | undefined,
  emptySubject: boolean,
): Buffer[] {
  const isCA = template.isCA ?? false;
  const usages = keyUsagesOf(template.usages, isCA);
  const encode = template.encodeUsages ?? true;
  const constraints = template.nameConstraints && encodeNameConstraints(template.nameConstraints);
  const all = [
    altName && encodeExtension(oids.subjectAltName, emptySubject, altName),
    encode ? keyUsageExtension(usages.keyUsage) : undefined,
    encode ? extKeyUsageExtension(usages.extKeyUsage) : undefined,
    template.basicConstraints ? basicConstraintsExtension(isCA) : undefined,
    constraints &&
      encodeExtension(oids.nameConstraints, template.nameConstraints?.critical ?? false, constraints),
  ];
  return all.filter((extension) => extension !== undefined);
}
