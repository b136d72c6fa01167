/** Signs a certificate with its own key, which it reads where the request says (spec/certificate-lifecycle.md §14). */
import { messageOf } from '../../api/message-of.ts';
import type { KeyObject } from 'node:crypto';
import { privateKeySecretName, requestPrivateKeySecretName } from '../../api/annotations.ts';
import { publicKeysEqual } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { decodePrivateKey } from '../../pki/private-key.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { templateFromRequest, type CertificateAsk } from '../../pki/x509/certificate-from-request.ts';
import { isEmptyName } from '../../pki/x509/name.ts';
import {
  createSigner,
  signCertificate,
  toBeSigned,
  type CertificateSigner,
  type CertificateTemplate,
} from '../../pki/x509/sign-certificate.ts';
import { askOf } from '../ask.ts';
import type {
  IssuerContext,
  IssuerType,
  Readiness,
  SignEvent,
  SigningRequest,
  SignOutcome,
} from '../issuer.ts';
import { lintBeforeSigning } from '../lint.ts';

const emptyIssuer: SignEvent = {
  type: 'Warning',
  reason: 'BadConfig',
  message:
    'The request has no subject, so the certificate has no issuer name, which RFC 5280 §4.1.2.4 forbids and strict clients reject: set spec.commonName or spec.subject',
};

export class SelfSignedIssuer implements IssuerType {
  readonly name = 'selfSigned';
  readonly component = 'selfsigned';
  readonly inProcess = true;
  readonly #csrs: CsrReader;

  constructor(csrs = new CsrReader()) {
    this.#csrs = csrs;
  }

  /** None of its own: the key belongs to the subscriber. */
  referencedSecrets(): readonly string[] {
    return [];
  }

  check(): Promise<Readiness> {
    return Promise.resolve({ ready: true, reason: 'IsReady', message: '', retry: false });
  }

  async sign(context: IssuerContext, request: SigningRequest, privateKey?: KeyObject): Promise<SignOutcome> {
    const found = privateKey === undefined ? await readKey(context, request) : { key: privateKey };
    if ('outcome' in found) return found.outcome;
    const { key } = found;

    let ask: CertificateAsk;
    let signer: CertificateSigner;
    let template: CertificateTemplate;
    try {
      const { crlDistributionPoints } = context.issuer.spec.selfSigned ?? {};
      ask = askOf(request, context.now(), { crlDistributionPoints }, this.#csrs);
    } catch (error) {
      return failed('ErrorGenerating', `No certificate can be made from this request: ${messageOf(error)}`);
    }
    try {
      signer = createSigner(key);
    } catch (error) {
      return failed('ErrorPublicKey', `The private key cannot be used: ${messageOf(error)}`);
    }
    try {
      if (!publicKeysEqual(key, ask.csr.publicKey)) {
        return failed(
          'ErrorKeyMatch',
          `The CSR was not signed with the private key that annotation "${keyAnnotation(request)}" refers to`,
        );
      }
      template = templateFromRequest(ask, signer);
    } catch (error) {
      return failed('ErrorGenerating', `No certificate can be made from this request: ${messageOf(error)}`);
    }
    try {
      const tbs = toBeSigned(template, signer);
      const lint = lintBeforeSigning(tbs, request, context.issuer, ask.csr.publicKey);
      if (lint.refusal !== undefined) return failed('ErrorSigning', lint.refusal);
      const certificate = encodePem('CERTIFICATE', await signCertificate(template, signer, tbs));
      const warnings = isEmptyName(ask.csr.subjectDer) ? [emptyIssuer, ...lint.warnings] : lint.warnings;
      return { kind: 'issued', certificate, ca: certificate, warnings };
    } catch (error) {
      return failed('ErrorSigning', `Signing failed: ${messageOf(error)}`);
    }
  }
}

/** The subscriber's key, from the Secret in the request's own namespace that the annotation names. */
async function readKey(
  context: IssuerContext,
  request: SigningRequest,
): Promise<{ key: KeyObject } | { outcome: SignOutcome }> {
  const annotation = keyAnnotation(request);
  const name = request.metadata?.annotations?.[annotation] ?? '';
  const namespace = request.metadata?.namespace ?? '';
  if (name === '') {
    const message = `Annotation "${annotation}" missing or reference empty: set it to the Secret with the private key that signed the CSR`;
    return { outcome: failed('MissingAnnotation', message) };
  }
  try {
    const secret = await context.readSecret(namespace, name);
    if (secret === undefined) {
      const message = `Referenced secret ${namespace}/${name} not found; the request goes on when it appears`;
      return { outcome: { kind: 'pending', reason: 'MissingSecret', message, retry: false } };
    }
    const pem = secret.data?.['tls.key'];
    try {
      if (pem === undefined || pem === '')
        throw new Error(`no data for "tls.key" in secret '${namespace}/${name}'`);
      return { key: decodePrivateKey(Buffer.from(pem, 'base64')) };
    } catch (error) {
      const message = `The private key in secret ${namespace}/${name}, which annotation "${annotation}" names, cannot be used: ${messageOf(error)}`;
      return { outcome: { kind: 'pending', reason: 'ErrorParsingKey', message, retry: false } };
    }
  } catch (error) {
    const message = `secret ${namespace}/${name} cannot be read now and is tried again: ${messageOf(error)}`;
    return { outcome: { kind: 'pending', reason: 'ErrorGettingSecret', message, retry: true } };
  }
}

/** Names the Secret with the subscriber's key. */
function keyAnnotation(request: SigningRequest): string {
  return request.kubernetes === true ? requestPrivateKeySecretName : privateKeySecretName;
}

function failed(reason: string, message: string): SignOutcome {
  return { kind: 'failed', reason, message };
}
