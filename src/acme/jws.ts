/** Signed messages of ACME: flattened JWS in JSON (RFC 8555 §6.2), with the bindings that are JWS in JWS. */
import { FlattenedSign } from 'jose/jws/flattened/sign';
import type { AccountKey } from './account-key.ts';
import type { ExternalAccount } from './acme-client.ts';
import { AcmeConfigurationError } from './errors.ts';

export interface Flattened {
  protected: string;
  payload: string;
  signature: string;
}

/** Who signs: the account by its URL, or the key itself where there is no account yet. */
export type Identity = { kid: string } | { jwk: AccountKey['jwk'] };

/** `payload` undefined: POST-as-GET (RFC 8555 §6.3). `nonce` undefined: an inner message, which has none. */
export async function sign(
  key: AccountKey,
  identity: Identity,
  url: string,
  payload: unknown,
  nonce?: string,
): Promise<Flattened> {
  const header = { alg: key.algorithm, ...(nonce === undefined ? {} : { nonce }), url, ...identity };
  return flattened(await new FlattenedSign(bytesOf(payload)).setProtectedHeader(header).sign(key.privateKey));
}

/** RFC 8555 §7.3.4: the account's public key, signed with the MAC key that the CA gave out. */
export async function bindExternalAccount(
  external: ExternalAccount,
  key: AccountKey,
  newAccountUrl: string,
): Promise<Flattened> {
  if (external.key.length === 0)
    throw new AcmeConfigurationError('The external account binding key is empty');
  const header = { alg: external.algorithm, kid: external.keyId, url: newAccountUrl };
  return flattened(await new FlattenedSign(bytesOf(key.jwk)).setProtectedHeader(header).sign(external.key));
}

/** RFC 8555 §7.3.5: the old key's account, signed by the new key. */
export function keyChange(
  newKey: AccountKey,
  oldKey: AccountKey,
  account: string,
  keyChangeUrl: string,
): Promise<Flattened> {
  return sign(newKey, { jwk: newKey.jwk }, keyChangeUrl, { account, oldKey: oldKey.jwk });
}

function bytesOf(payload: unknown): Uint8Array {
  return payload === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(payload));
}

function flattened(jws: { protected?: string; payload: string; signature: string }): Flattened {
  return { protected: jws.protected ?? '', payload: jws.payload, signature: jws.signature };
}
