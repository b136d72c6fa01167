/** Reads a CertificateRequest into what the signing functions take. */
import { parseDuration } from '../api/duration.ts';
import { CsrError } from '../pki/errors.ts';
import type { CertificateAsk } from '../pki/x509/certificate-from-request.ts';
import type { CsrReader } from '../pki/x509/csr-reader.ts';
import type { SigningRequest } from './issuer.ts';

type Extras = Pick<CertificateAsk, 'ocspServers' | 'issuingCertificateUrls' | 'crlDistributionPoints'>;

/** @throws CsrError and other PkiErrors: the request cannot be signed as it is */
export function askOf(request: SigningRequest, now: Date, extras: Extras, csrs: CsrReader): CertificateAsk {
  const { spec } = request;
  const csr = csrs.read(spec.request);
  const ask: CertificateAsk = { csr, now: now.getTime(), isCA: spec.isCA ?? false, ...extras };
  if (spec.usages !== undefined) ask.usages = spec.usages;
  if (request.kubernetes === true) ask.exactUsages = true;
  if (spec.duration !== undefined && spec.duration !== '') {
    const duration = parseDuration(spec.duration);
    if (duration === undefined || duration <= 0) {
      throw new CsrError(
        `spec.duration ${JSON.stringify(spec.duration.slice(0, 64))} is not a positive duration such as 2160h`,
      );
    }
    ask.duration = duration;
  }
  return ask;
}
