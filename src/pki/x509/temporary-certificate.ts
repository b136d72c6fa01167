/** Short-lived stand-in certificates, signed by a CA that is thrown away at once (lifecycle §20). */
import type { KeyObject } from 'node:crypto';
import { encodePem } from '../pem.ts';
import { generateKey } from '../keys.ts';
import { certificateFromRequest } from './certificate-from-request.ts';
import { createCsrInPool, type CsrTemplate } from './create-csr.ts';
import { parseCertificate } from './parse-certificate.ts';
import { parseCsr } from './parse-csr.ts';
import { createSigner } from './sign-certificate.ts';

/** Common name by which a temporary certificate's issuer is known. */
export const temporaryIssuerName = 'cert-manager.local';

export interface TemporaryCertificateAsk {
  /** What the Certificate asks for; `literalSubject`, `otherNames` and `nameConstraints` are left out. */
  template: CsrTemplate;
  /** The private key that the certificate is for. */
  key: KeyObject;
  /** Milliseconds since 1970. */
  now: number;
  /** Milliseconds. Default 90 days. */
  duration?: number;
}

/**
 * PEM of one leaf certificate under a fresh P-521 CA, `CN=cert-manager.local`, whose key nobody keeps.
 * @throws CsrError when the only names are in the parts that are left out
 */
export async function temporaryCertificate(ask: TemporaryCertificateAsk): Promise<string> {
  const { now, duration } = ask;
  const caKey = await generateKey({ algorithm: 'ECDSA', size: 521 });
  const caCsr = parseCsr(await createCsrInPool({ commonName: temporaryIssuerName, isCA: true }, caKey));
  const ca = parseCertificate(
    await certificateFromRequest({ csr: caCsr, now, duration, isCA: true }, createSigner(caKey)),
  );

  const {
    literalSubject: _literal,
    otherNames: _names,
    nameConstraints: _constraints,
    ...rest
  } = ask.template;
  const csr = parseCsr(await createCsrInPool(rest, ask.key));
  const { isCA, usages } = rest;
  const leaf = await certificateFromRequest({ csr, now, duration, isCA, usages }, createSigner(caKey, ca));
  return encodePem('CERTIFICATE', leaf);
}
