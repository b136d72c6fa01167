/** Signs with a CA key pair kept in a Secret (spec/certificate-lifecycle.md §13, §23). */
import { messageOf } from '../../api/message-of.ts';
import { encodePem } from '../../pki/pem.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { templateFromRequest, type CertificateAsk } from '../../pki/x509/certificate-from-request.ts';
import { signCertificate, toBeSigned, type CertificateTemplate } from '../../pki/x509/sign-certificate.ts';
import { askOf } from '../ask.ts';
import type {
  AnyIssuer,
  IssuerContext,
  IssuerType,
  Readiness,
  SigningRequest,
  SignOutcome,
} from '../issuer.ts';
import { addWarning, lintBeforeSigning } from '../lint.ts';
import { caValidityNote, coverWarning, type Validity } from './ca-validity.ts';
import type { CaSigner } from './key-pair.ts';
import { KeyPairCache, type CachedKeyPair } from './key-pair-cache.ts';

export class CaIssuer implements IssuerType {
  readonly name = 'ca';
  readonly component = 'ca';
  readonly inProcess = true;
  readonly #pairs = new KeyPairCache();
  readonly #csrs: CsrReader;

  constructor(csrs = new CsrReader()) {
    this.#csrs = csrs;
  }

  referencedSecrets(issuer: AnyIssuer): readonly string[] {
    const name = issuer.spec.ca?.secretName;
    return name === undefined || name === '' ? [] : [name];
  }

  async check(context: IssuerContext): Promise<Readiness> {
    const name = context.issuer.spec.ca?.secretName ?? '';
    const secret = `secret ${context.resourceNamespace}/${name}`;
    let found: CachedKeyPair | undefined;
    try {
      found = await this.#pairs.get(context, name);
    } catch (error) {
      return notReady('ErrGetKeyPair', `${secret} cannot be read: ${messageOf(error)}`, true);
    }
    if (found === undefined) {
      const hint =
        context.issuer.metadata?.namespace === undefined
          ? ' (ClusterIssuers read Secrets in this namespace only)'
          : '';
      return notReady(
        'ErrGetKeyPair',
        `${secret} not found${hint}; create it, or the Certificate that fills it`,
        true,
      );
    }
    let validity: Validity;
    try {
      const { certificate } = found.pair();
      validity = certificate;
      if (!certificate.isCA) {
        return notReady(
          'ErrInvalidKeyPair',
          `certificate is not a CA: the first certificate of tls.crt in ${secret} has no CA flag; issue it with isCA: true`,
          false,
        );
      }
    } catch (error) {
      // Only a change of the Secret helps, and its watch brings us back.
      return notReady('ErrGetKeyPair', messageOf(error), false);
    }
    // Word for word cert-manager's: adopting an issuer then takes no write.
    const verified = 'Signing CA verified';
    const { note, recheckAt } = caValidityNote(validity, secret, context.now().getTime());
    const message = note === undefined ? verified : `${verified}, ${note}`;
    return {
      ready: true,
      reason: 'KeyPairVerified',
      message,
      retry: false,
      event: { type: note === undefined ? 'Normal' : 'Warning', reason: 'KeyPairVerified', message },
      ...(recheckAt === undefined ? {} : { recheckAt }),
    };
  }

  async sign(context: IssuerContext, request: SigningRequest): Promise<SignOutcome> {
    const ca = context.issuer.spec.ca;
    const name = ca?.secretName ?? '';
    const secret = `secret ${context.resourceNamespace}/${name}`;
    let found: CachedKeyPair | undefined;
    try {
      found = await this.#pairs.get(context, name);
    } catch (error) {
      const message = `The CA key pair in ${secret} cannot be read now and is tried again: ${messageOf(error)}`;
      return { kind: 'pending', reason: 'SecretGetError', message, retry: true };
    }
    if (found === undefined) {
      return {
        kind: 'pending',
        reason: 'SecretMissing',
        message: `Referenced ${secret} not found; the request goes on when it appears`,
        retry: false,
      };
    }
    try {
      found.pair();
    } catch (error) {
      const message = `The CA key pair in ${secret} cannot be used; the request goes on when the Secret changes: ${messageOf(error)}`;
      return { kind: 'pending', reason: 'SecretInvalidData', message, retry: false };
    }

    let signer: CaSigner;
    try {
      signer = found.signer();
    } catch (error) {
      return failed(`The CA key pair in ${secret} cannot sign: ${messageOf(error)}`);
    }
    let ask: CertificateAsk;
    let template: CertificateTemplate;
    try {
      const extras = {
        ocspServers: ca?.ocspServers,
        issuingCertificateUrls: ca?.issuingCertificateURLs,
        crlDistributionPoints: ca?.crlDistributionPoints,
      };
      ask = askOf(request, context.now(), extras, this.#csrs);
      template = templateFromRequest(ask, signer.signer);
    } catch (error) {
      return failed(`No certificate can be made from this request: ${messageOf(error)}`);
    }
    try {
      const tbs = toBeSigned(template, signer.signer);
      const { refusal, warnings } = lintBeforeSigning(tbs, request, context.issuer, ask.csr.publicKey);
      if (refusal !== undefined) return failed(refusal);
      const leaf = await signCertificate(template, signer.signer, tbs);
      const certificate = encodePem('CERTIFICATE', leaf) + signer.chainTail;
      const uncovered = coverWarning(template, found.pair().certificate, secret);
      return { kind: 'issued', certificate, ca: signer.ca, warnings: addWarning(warnings, uncovered) };
    } catch (error) {
      return failed(`Signing failed: ${messageOf(error)}`);
    }
  }
}

function failed(message: string): SignOutcome {
  return { kind: 'failed', reason: 'SigningError', message };
}

function notReady(reason: string, cause: string, retry: boolean): Readiness {
  const message = `The CA key pair cannot be used: ${cause}`;
  return { ready: false, reason, message, retry, event: { type: 'Warning', reason, message } };
}
