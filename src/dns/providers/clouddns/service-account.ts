/** Access tokens of Google Cloud for the key of a service account (RFC 7523). */

import { createPrivateKey, type KeyObject } from 'node:crypto';

import { SignJWT } from 'jose';

import type { ProviderEnvironment } from '../../provider.ts';
import { DnsProviderError } from '../errors.ts';
import { asObject, asText, parsed } from '../json-value.ts';
import { ProviderApi, succeeded } from '../provider-api.ts';

export interface ServiceAccountKey {
  readonly email: string;
  readonly privateKey: KeyObject;
  readonly keyId: string | undefined;
  readonly tokenUri: string;
}

const TOKEN_URI = 'https://oauth2.googleapis.com/token';

/**
 * The key as Google hands it out.
 * @param where for messages, such as `Secret dns, entry key.json`
 */
export function readServiceAccountKey(json: string, where: string): ServiceAccountKey {
  const key = asObject(parsed(json));
  const wrong = (what: string): DnsProviderError =>
    new DnsProviderError(
      'dns-provider/credentials',
      `${where} is no service account key of Google Cloud: ${what}`,
    );
  if (asText(key['type']) !== 'service_account')
    throw wrong('it needs "type": "service_account"; other kinds serve as ambient credentials only');
  const [email, pem] = [asText(key['client_email']), asText(key['private_key'])];
  if (email === undefined || pem === undefined) throw wrong('it needs client_email and private_key');
  const tokenUri = asText(key['token_uri']) ?? TOKEN_URI;
  // Who can write the Secret must not choose where this process sends requests to.
  const url = URL.parse(tokenUri);
  const trusted =
    url?.protocol === 'https:' && /(?:^|\.)(?:googleapis\.com|accounts\.google\.com)$/u.test(url.host);
  if (!trusted) throw wrong('its token_uri is not one of Google');
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The cause could quote the key.
    throw wrong('its private_key is no private key in PEM');
  }
  if (privateKey.asymmetricKeyType !== 'rsa') throw wrong('its private_key is no RSA key');
  return { email, privateKey, keyId: asText(key['private_key_id']), tokenUri };
}

export async function accessToken(
  environment: ProviderEnvironment,
  key: ServiceAccountKey,
  scope: string,
  signal?: AbortSignal,
): Promise<string> {
  const now = Math.trunc(environment.now() / 1000);
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(key.keyId !== undefined && { kid: key.keyId }) })
    .setIssuer(key.email)
    .setAudience(key.tokenUri)
    .setIssuedAt(now)
    .setExpirationTime(now + 3600)
    .sign(key.privateKey);
  const api = new ProviderApi(environment, 'Google', [assertion]);
  const doing = `the login of ${key.email}`;
  const answer = await api.send({
    method: 'POST',
    url: key.tokenUri,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }).toString(),
    signal,
  });
  if (!succeeded(answer)) {
    // OAuth says 400 to a key that was revoked (RFC 6749 §5.2).
    const { error, error_description } = asObject(parsed(answer.body));
    const failure = api.failure(doing, answer, asText(error_description) ?? '', asText(error) ?? '');
    throw answer.status === 400
      ? new DnsProviderError('dns-provider/denied', failure.message, failure)
      : failure;
  }
  const token = asText(api.read(answer, doing)['access_token']);
  if (token === undefined) throw api.unexpected(doing, 'there is no access_token');
  return token;
}
