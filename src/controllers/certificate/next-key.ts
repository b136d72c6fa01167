/** Where the next private key comes from (lifecycle §10): rotation policy, and what stands in its way. */
import type { CertificateSpec } from '../../api/certificate.ts';
import { components } from './constants.ts';
import type { CertificateEvent, KeySource } from './decision.ts';
import { fieldList, keyViolations } from './request-match.ts';
import type { SecretFacts } from './secret-facts.ts';

export type NextKey =
  | { source: KeySource; event?: CertificateEvent }
  /** Only the user can go on. */
  | { source: 'blocked'; event: CertificateEvent };

export function nextKey(spec: CertificateSpec, secret: SecretFacts | undefined): NextKey {
  const policy = spec.privateKey?.rotationPolicy ?? 'Always';
  if (policy === 'Always' || secret?.privateKey === undefined) return { source: 'generate' };
  const name = secret.name;
  const component = components.keyManager;
  if (!secret.privateKey.ok) {
    const message = `The private key in Secret "${name}" cannot be read, so a new one is made: ${secret.privateKey.error}`;
    return { source: 'generate', event: { component, type: 'Warning', reason: 'DecodeFailed', message } };
  }
  const fields = keyViolations(spec, secret.privateKey.value);
  if (fields.length === 0) return { source: 'reuse' };
  const message =
    `The private key in Secret "${name}" is not what the Certificate asks for now: ${fieldList(fields)}. ` +
    'spec.privateKey.rotationPolicy Never forbids a new one, so somebody has to decide: ' +
    'set it to Always (every renewal then makes a new key), delete the Secret, or change the spec back';
  return { source: 'blocked', event: { component, type: 'Warning', reason: 'CannotRegenerateKey', message } };
}
