/** URLs of servers that users run themselves. */

import { DnsProviderError } from './errors.ts';

/**
 * The URL without a slash at its end.
 * @param field for the message, such as `acmeDNS.host`
 * @throws DnsProviderError unless it is http or https, with neither credentials, query nor fragment
 */
export function httpUrl(text: string, field: string): string {
  const url = URL.parse(text);
  const host = url?.hostname ?? '';
  const wrong =
    url === null || !['http:', 'https:'].includes(url.protocol)
      ? 'must be an http:// or https:// URL'
      : url.username !== '' || url.password !== ''
        ? 'must not carry credentials: everybody who can read the issuer would read them'
        : /^(?:169\.254\.|\[fe[89ab])/u.test(host)
          ? 'must not be a link-local address: metadata services answer there, not DNS providers'
          : url.search !== '' || url.hash !== ''
            ? 'must have neither query nor fragment: a path is appended to it'
            : undefined;
  if (wrong !== undefined || url === null)
    throw new DnsProviderError('dns-provider/configuration', `${field} ${wrong}`);
  return url.href.replace(/\/+$/u, '');
}
