/** One issuer with its Secrets in memory, and requests to it: what the tests of this room begin with. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Secret } from '../../api/core.ts';
import type { IssuerSpec } from '../../api/issuer.ts';
import { encodePem } from '../../pki/pem.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import type { AnyIssuer, IssuerContext, SignOutcome } from '../issuer.ts';

export const now = new Date('2026-11-22T10:00:00Z');
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export interface Identity {
  key: KeyObject;
  pem: string;
}

/** A certificate with its key; signed by `by`, or by itself. */
export async function identity(
  commonName: string,
  options: { by?: Identity; isCA?: boolean; usages?: string[]; durationMs?: number } = {},
): Promise<Identity> {
  const { by, isCA = true, usages } = options;
  const key = newKey();
  const csr = parseCsr(createCsr({ commonName, isCA }, key));
  const signer = by === undefined ? createSigner(key) : createSigner(by.key, parseCertificate(by.pem));
  const ask = { csr, now: now.getTime(), isCA, duration: options.durationMs };
  const der = await certificateFromRequest(usages === undefined ? ask : { ...ask, usages }, signer);
  return { key, pem: encodePem('CERTIFICATE', der) };
}

export class World implements IssuerContext {
  reads: string[] = [];
  readonly secrets = new Map<string, Secret>();
  /** Every read rejects with this while it is set. */
  failure: Error | undefined;
  readonly resourceNamespace: string;
  readonly issuer: AnyIssuer;
  #version = 0;

  constructor(spec: IssuerSpec, options: { cluster?: boolean; annotations?: Record<string, string> } = {}) {
    const { cluster = false, annotations } = options;
    this.resourceNamespace = cluster ? 'pki' : 'shop';
    this.issuer = { metadata: { name: 'x', annotations, ...(cluster ? {} : { namespace: 'shop' }) }, spec };
  }
  now = (): Date => now;
  readSecret = (namespace: string, name: string): Promise<Secret | undefined> => {
    this.reads.push(`${namespace}/${name}`);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(this.secrets.get(`${namespace}/${name}`));
  };
  secretVersion = (namespace: string, name: string): string | undefined =>
    this.secrets.get(`${namespace}/${name}`)?.metadata?.resourceVersion;

  put(name: string, data: Record<string, string>, namespace = this.resourceNamespace): void {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
    const metadata = { namespace, name, resourceVersion: String(++this.#version) };
    this.secrets.set(`${namespace}/${name}`, { metadata, data: encoded });
  }
  putPair(name: string, { key, pem }: Identity, extra: Record<string, string> = {}): void {
    this.put(name, { 'tls.crt': pem, 'tls.key': encodePrivateKey(key), ...extra });
  }
}

export function request(
  key: KeyObject,
  commonName: string,
  change: Partial<CertificateRequest['spec']> & { annotations?: Record<string, string> } = {},
): CertificateRequest {
  const { annotations, ...spec } = change;
  const dnsNames = [`${commonName === '' ? 'nameless' : commonName}.example.com`];
  const csr = createCsr({ commonName, dnsNames, isCA: spec.isCA ?? false }, key);
  return {
    metadata: { namespace: 'shop', name: 'r', annotations },
    spec: { issuerRef: { name: 'x' }, request: base64(encodePem('CERTIFICATE REQUEST', csr)), ...spec },
  };
}

/** `kind reason: message` of an outcome. */
export function lineOf(outcome: SignOutcome): string {
  return outcome.kind === 'issued' ? 'issued' : `${outcome.kind} ${outcome.reason}: ${outcome.message}`;
}
