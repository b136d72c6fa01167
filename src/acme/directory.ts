/** The directory (RFC 8555 §7.1.1): where everything is, and what the CA says of itself. */
import type { AcmeDirectory } from './acme-client.ts';
import { AcmeProtocolError } from './errors.ts';
import {
  boundedText,
  displayUrl,
  field,
  isObject,
  optionalUrl,
  readObject,
  requiredUrl,
  type JsonObject,
} from './read-fields.ts';

const what = 'directory';
const maxProfiles = 64;
const maxIdentities = 32;

/** @throws AcmeProtocolError */
export function parseDirectory(body: Uint8Array | string, url: string): AcmeDirectory {
  const object = readObject(body, what);
  if (field(object, 'newOrder') === undefined)
    throw new AcmeProtocolError(
      `server does not support the RFC 8555 version: ${url} has no newOrder; is it the address of an ACME directory?`,
    );
  const meta = field(object, 'meta');
  const about = isObject(meta) ? meta : {};
  const identities = field(about, 'caaIdentities');
  return {
    newNonce: requiredUrl(object, 'newNonce', url, what),
    newAccount: requiredUrl(object, 'newAccount', url, what),
    newOrder: requiredUrl(object, 'newOrder', url, what),
    revokeCert: optionalUrl(object, 'revokeCert', url, what),
    keyChange: optionalUrl(object, 'keyChange', url, what),
    renewalInfo: optionalUrl(object, 'renewalInfo', url, what),
    termsOfService: displayUrl(field(about, 'termsOfService')),
    website: displayUrl(field(about, 'website')),
    caaIdentities: (Array.isArray(identities) ? identities : [])
      .slice(0, maxIdentities)
      .map((identity) => boundedText(identity, 255))
      .filter((identity) => identity !== undefined && identity !== '')
      .map(String),
    externalAccountRequired: field(about, 'externalAccountRequired') === true,
    profiles: profilesOf(about),
  };
}

/** draft-ietf-acme-profiles §3: name to description. An empty object is no profiles. */
function profilesOf(meta: JsonObject): Readonly<Record<string, string>> | undefined {
  const profiles = field(meta, 'profiles');
  if (!isObject(profiles)) return undefined;
  const entries = Object.entries(profiles)
    // Names go into messages as they are: what is no line of text is no name that anybody could ask for.
    .filter(([name]) => name !== '' && boundedText(name, 64) === name)
    .slice(0, maxProfiles)
    .map(([name, description]): [string, string] => [name, boundedText(description, 500) ?? '']);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
