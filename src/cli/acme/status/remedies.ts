/** What a person can do about a problem of an ACME CA, by its type (RFC 8555 §6.7, RFC 9773 §7.4, draft-ietf-acme-profiles §6.3). */
import { acmeErrorPrefix } from '../../../acme/errors.ts';

/** By the last word of the type. */
export const remedies: Readonly<Record<string, string>> = {
  accountDoesNotExist: 'nothing: the issuer registers again, and the Order goes on',
  badCSR: 'correct the key (algorithm, size) or the names of the Certificate to what this CA takes',
  badNonce: 'nothing: it is asked again',
  badPublicKey: 'give the Certificate a key that this CA takes: spec.privateKey',
  badSignatureAlgorithm: 'give the issuer an account key that this CA takes: RSA 2048 or ECDSA P-256',
  caa: 'allow the CA in the CAA record of the name, or remove the record: dig CAA <name>; the nearest parent with one counts',
  connection:
    'let the CA reach port 80 (HTTP-01) or 443 (TLS-ALPN-01) of the name from outside, on IPv6, too, where it has an AAAA record; or use DNS-01',
  dns: 'mend the zone: the CA cannot resolve the name (DNSSEC, a server that does not answer, no such name)',
  externalAccountRequired: 'set spec.acme.externalAccountBinding of the issuer',
  incorrectResponse:
    'find out who answers instead: another web server, a proxy, or a record of somebody else',
  invalidContact: 'correct spec.acme.email of the issuer, or remove it',
  invalidProfile:
    'set spec.acme.profile of the issuer (or certwright.dev/acme-profile of the Certificate) to one that "certwright acme account show" lists',
  malformed:
    'look at the words of the CA: names that it does not issue for, or an order that it has forgotten',
  orderNotReady: 'nothing: it is asked again',
  rateLimited:
    'wait: it goes on by itself. "certwright acme budget" shows what is used; spec.dnsNames in fewer Certificates uses less',
  rejectedIdentifier: 'take the name out of the Certificate: this CA does not issue for it',
  serverInternal:
    'nothing: the CA is at fault and is asked again; certwright.dev/fallback-issuers names one that stands in',
  tls: 'let port 443 of the name be answered by Certwright alone (TLS-ALPN-01), or use another solver',
  unauthorized:
    'the CA saw another answer than ours: look at the checks, at A and AAAA records, and at who else answers for the name',
  unsupportedContact: 'write an e-mail address into spec.acme.email of the issuer',
  unsupportedIdentifier:
    'take out names of a kind that this CA does not issue for (addresses, wildcards by HTTP-01)',
  userActionRequired: 'agree to the terms where the message says; it is asked again every hour',
};

/** In what was stored of a problem its type stands as the CA wrote it. */
export function remedyIn(text: string): string | undefined {
  const at = text.indexOf(acmeErrorPrefix);
  if (at === -1) return undefined;
  const [word = ''] = /^[A-Za-z]+/u.exec(text.slice(at + acmeErrorPrefix.length)) ?? [];
  return Object.hasOwn(remedies, word) ? remedies[word] : undefined;
}
