/** The CertificateRequest of one attempt: CSR and object (lifecycle §11). */
import type { KeyObject } from 'node:crypto';
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { formatDuration, parseDuration } from '../../api/duration.ts';
import { PkiError } from '../../pki/errors.ts';
import { encodePem } from '../../pki/pem.ts';
import { createCsr, createCsrInPool, type CsrTemplate } from '../../pki/x509/create-csr.ts';
import { annotationKeys } from './constants.ts';
import type { IssuerRef } from './issuer-match.ts';
import { RequestInvalidError } from './errors.ts';
import { canaryName, copiedAnnotations, requestName } from './naming.ts';
import { ownerReference } from './secret-content.ts';

/** PEM. RSA signatures take milliseconds and go to the thread pool. @throws RequestInvalidError */
export async function csrFor(spec: CertificateSpec, key: KeyObject): Promise<string> {
  try {
    const template = csrTemplate(spec);
    const der =
      key.asymmetricKeyType === 'rsa' ? await createCsrInPool(template, key) : createCsr(template, key);
    return encodePem('CERTIFICATE REQUEST', der);
  } catch (error) {
    if (error instanceof PkiError) throw new RequestInvalidError(error);
    throw error;
  }
}

/** What a CSR takes from the spec. */
export function csrTemplate(spec: CertificateSpec): CsrTemplate {
  const template: CsrTemplate = {
    dnsNames: spec.dnsNames ?? [],
    ipAddresses: spec.ipAddresses ?? [],
    uris: spec.uris ?? [],
    emailAddresses: spec.emailAddresses ?? [],
    otherNames: (spec.otherNames ?? []).map(({ oid, utf8Value }) => ({
      oid: oid ?? '',
      utf8Value: utf8Value ?? '',
    })),
    usages: spec.usages ?? [],
    isCA: spec.isCA ?? false,
    encodeUsages: spec.encodeUsagesInRequest ?? true,
  };
  if (spec.literalSubject !== undefined && spec.literalSubject !== '')
    template.literalSubject = spec.literalSubject;
  else {
    template.subject = spec.subject ?? {};
    template.commonName = spec.commonName ?? '';
  }
  if (spec.nameConstraints !== undefined) template.nameConstraints = spec.nameConstraints;
  if (spec.signatureAlgorithm !== undefined) template.signatureAlgorithm = spec.signatureAlgorithm;
  return template;
}

export interface NewRequest {
  certificate: Certificate;
  revision: number;
  csrPem: string;
  /** Durable path: the next-private-key Secret. Fast path: the target Secret, where the key will be once it is issued, so that the name never dangles. */
  keySecret: string;
  copiedAnnotationPrefixes: readonly string[];
  /** Absent: `spec.issuerRef`. */
  issuerRef?: IssuerRef;
  earlyRenewals?: number;
  canary?: true;
}

export function newRequest(input: NewRequest): CertificateRequest {
  const { certificate, revision } = input;
  const { spec, metadata } = certificate;
  const name = metadata?.name ?? '';
  const copied = copiedAnnotations(metadata?.annotations ?? {}, input.copiedAnnotationPrefixes);
  // What only we may say: a Certificate that carries these says nothing by them.
  delete copied[annotationKeys.earlyRenewals];
  delete copied[annotationKeys.canaryRequest];
  if (input.earlyRenewals !== undefined) copied[annotationKeys.earlyRenewals] = String(input.earlyRenewals);
  if (input.canary === true) copied[annotationKeys.canaryRequest] = 'true';
  const request: CertificateRequest = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: input.canary === true ? canaryName(name, revision) : requestName(name, revision),
      namespace: metadata?.namespace,
      annotations: {
        ...copied,
        [annotationKeys.certificateRevision]: String(revision),
        [annotationKeys.privateKeySecretName]: input.keySecret,
        [annotationKeys.certificateName]: name,
      },
      ownerReferences: [ownerReference(certificate)],
    },
    spec: {
      issuerRef: input.issuerRef ?? spec.issuerRef,
      request: Buffer.from(input.csrPem, 'utf8').toString('base64'),
    },
  };
  if (metadata?.labels !== undefined && request.metadata !== undefined)
    request.metadata.labels = metadata.labels;
  if (spec.isCA !== undefined) request.spec.isCA = spec.isCA;
  if (spec.usages !== undefined) request.spec.usages = spec.usages;
  const duration = spec.duration === undefined ? undefined : parseDuration(spec.duration);
  if (duration !== undefined) request.spec.duration = formatDuration(duration);
  return request;
}
