/** What a signer hands back is looked at before it is stored (spec/certificate-lifecycle.md §12, step 11). */
import type { IssuerType, SignOutcome } from '../../issuers/issuer.ts';
import { PkiError } from '../../pki/errors.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';

/** `outcome`, or a failure with reason `DecodeError` when its certificate is none. */
export function checkAnswer(type: Pick<IssuerType, 'name'>, outcome: SignOutcome): SignOutcome {
  if (outcome.kind !== 'issued') return outcome;
  try {
    parseCertificates(outcome.certificate);
    return outcome;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    const hint =
      type.name === 'ca'
        ? "with CA issuers, ensure the Certificate's secretName is different from the CA issuer's secretName to avoid overwriting the CA secret: "
        : '';
    return {
      kind: 'failed',
      reason: 'DecodeError',
      message: `Failed to decode returned certificate: ${hint}${error.message}`,
    };
  }
}
