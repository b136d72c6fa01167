/** Turns a CertificateRequest as the API sends it into what stays in the cache, and into the facts that decisions need. */
import { createHash } from 'node:crypto';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Condition, KubeObject } from '../../api/meta.ts';
import type { CachedRequest } from '../context.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { annotationKeys } from './constants.ts';
import type { AnswerFacts, CsrFacts, RequestFacts } from './request-facts.ts';
import { isIssued } from './request-facts.ts';
import type { Parsed } from './secret-facts.ts';
import { parsed } from './secret-trim.ts';
import { csrFacts, leafOf } from './x509-facts.ts';

/** The facts of cached requests, worked out when first asked for, or before the PEMs are dropped. */
export interface RequestFactsBook {
  /** The trim hook of the shared informer. */
  trim(object: KubeObject): CachedRequest;
  of(request: CachedRequest): RequestFacts;
}

export function createRequestFactsBook(csrs = new CsrReader()): RequestFactsBook {
  const book = new WeakMap<CachedRequest, RequestFacts>();
  const of = (request: CachedRequest): RequestFacts => {
    let facts = book.get(request);
    if (facts === undefined) book.set(request, (facts = requestFacts(request, csrs)));
    return facts;
  };
  return {
    of,
    trim(object) {
      const request = withoutManagedFields(object as CertificateRequest);
      if (!request.status?.conditions?.some((condition) => condition.reason === 'Issued')) return request;
      const facts = of(request);
      if (!isIssued(facts)) return request;
      const status = { ...request.status, certificate: '', ca: '' };
      const slim: CachedRequest = { ...request, spec: { ...request.spec, request: '' }, status };
      book.set(slim, facts);
      return slim;
    },
  };
}

function withoutManagedFields(request: CertificateRequest): CertificateRequest {
  if (request.metadata?.managedFields === undefined) return request;
  const { managedFields: _dropped, ...metadata } = request.metadata;
  return { ...request, metadata };
}

export function requestFacts(request: CertificateRequest, csrs: CsrReader): RequestFacts {
  const { metadata, spec, status } = request;
  const condition = (type: string): Condition | undefined =>
    status?.conditions?.find((candidate) => candidate.type === type);
  const isTrue = (candidate: Condition | undefined): Condition | undefined =>
    candidate?.status === 'True' ? candidate : undefined;
  const facts: RequestFacts = {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    revision: revisionOf(metadata?.annotations?.[annotationKeys.certificateRevision]),
    issuerRef: spec.issuerRef,
    isCA: spec.isCA ?? false,
    usages: spec.usages ?? [],
    csr: parsed((): CsrFacts => csrFacts(csrs.read(spec.request))),
    denied: isTrue(condition('Denied')),
    invalid: isTrue(condition('InvalidRequest')),
    ready: condition('Ready'),
  };
  if (spec.duration !== undefined) facts.duration = spec.duration;
  const created = Date.parse(metadata?.creationTimestamp ?? '');
  if (!Number.isNaN(created)) facts.created = created;
  const early = revisionOf(metadata?.annotations?.[annotationKeys.earlyRenewals]);
  if (early !== undefined) facts.earlyRenewals = early;
  if (metadata?.annotations?.[annotationKeys.canaryRequest] === 'true') facts.isCanary = true;
  if (status?.failureTime !== undefined) facts.failureTime = Date.parse(status.failureTime);
  if (status?.certificate !== undefined && status.certificate !== '')
    facts.answer = answerFacts(Buffer.from(status.certificate, 'base64'));
  return facts;
}

export function answerFacts(chain: Uint8Array): Parsed<AnswerFacts> {
  return parsed(() => {
    const { publicKeyHash, notAfter } = leafOf(chain);
    return { publicKeyHash, notAfter, chainHash: createHash('sha256').update(chain).digest('base64') };
  });
}

function revisionOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
