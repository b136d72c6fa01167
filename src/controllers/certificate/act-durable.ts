/** Carries out the durable path's decisions: each stores one thing (lifecycle §10, §11, §17, §20). */
import type { KeyObject } from 'node:crypto';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { parseDuration } from '../../api/duration.ts';
import { certificateRequests } from '../../api/resources.ts';
import { cacheKey } from '../../kube/cache.ts';
import { decodePrivateKey, encodePrivateKey, type KeyGenerator } from '../../pki/keys.ts';
import { temporaryCertificate } from '../../pki/x509/temporary-certificate.ts';
import type { ControllerContext } from '../context.ts';
import type { Actions } from './actions.ts';
import { annotationKeys, components, secretKeys } from './constants.ts';
import type { Action, CertificateEvent } from './decision.ts';
import { ChangedMeanwhileError } from './errors.ts';
import type { Facts } from './facts.ts';
import type { Inspection } from './inspect-answer.ts';
import type { KeyFacts } from './key-facts.ts';
import { csrFor, csrTemplate, newRequest } from './new-request.ts';
import { privateKeyFacts } from './private-key-facts.ts';

export interface DurableDeps {
  context: ControllerContext;
  actions: Actions;
  keys: KeyGenerator;
  keyFacts: KeyFacts;
}

/** The next private key, and where it was stored. `uid` absent: the Secret was there, and holds another one. */
export interface StoredKey {
  name: string;
  uid?: string;
  key: KeyObject;
  /** For whoever tells about the status write that names the Secret. */
  events: readonly CertificateEvent[];
}

export async function storeKey(
  deps: DurableDeps,
  facts: Facts,
  action: Extract<Action, { kind: 'store-key' }>,
): Promise<StoredKey> {
  const { actions, keys, keyFacts } = deps;
  const { spec, metadata } = facts.certificate;
  const reuse = action.key === 'reuse';
  const key = reuse
    ? decodePrivateKey(
        await actions.readEntry(metadata?.namespace ?? '', spec.secretName, secretKeys.privateKey),
      )
    : await keys.generate(spec.privateKey ?? {});
  const keyPem = Buffer.from(encodePrivateKey(key, 'PKCS8'));
  // The answer of the API server holds it: what it is need not be found out then.
  keyFacts.remember(keyPem, privateKeyFacts(key));
  const stored = await actions.storeKey(facts.certificate, keyPem, action.name);
  if (action.quiet && !reuse) return { ...stored, key, events: [] };
  const message = reuse
    ? `The private key in Secret "${spec.secretName}" is used again, as spec.privateKey.rotationPolicy has it`
    : `New private key made; Secret "${stored.name}" keeps it until the certificate is there`;
  const reason = reuse ? 'Reused' : 'Generated';
  return {
    ...stored,
    key,
    events: [{ component: components.keyManager, type: 'Normal', reason, message }],
  };
}

/**
 * Answers the uid of the request.
 *
 * @param stored the key that the same pass has just stored: it need not be read back
 */
export async function createRequest(
  deps: DurableDeps,
  facts: Facts,
  action: Extract<Action, { kind: 'create-request' }>,
  stored?: StoredKey,
): Promise<string> {
  const { actions, context } = deps;
  const { certificate } = facts;
  const namespace = certificate.metadata?.namespace ?? '';
  const uid = facts.nextKeys.find(({ name }) => name === action.keySecret)?.uid;
  const key =
    stored !== undefined && stored.uid === uid
      ? stored.key
      : decodePrivateKey(await actions.readEntry(namespace, action.keySecret, secretKeys.privateKey));
  const request = newRequest({
    certificate,
    revision: action.revision,
    csrPem: await csrFor(certificate.spec, key),
    keySecret: action.keySecret,
    copiedAnnotationPrefixes: context.options.copiedAnnotationPrefixes,
    ...(action.issuerRef === undefined ? {} : { issuerRef: action.issuerRef }),
    ...(action.earlyRenewals === undefined ? {} : { earlyRenewals: action.earlyRenewals }),
    ...(action.canary === undefined ? {} : { canary: action.canary }),
  });
  const created = await actions.createRequest(certificate, request);
  const message = `CertificateRequest "${created.metadata?.name ?? ''}" created`;
  actions.tell(certificate, [
    { component: components.requestManager, type: 'Normal', reason: 'Requested', message },
  ]);
  return created.metadata?.uid ?? '';
}

/**
 * The request is needed whole: the cache keeps no PEM of finished ones. `check` looks at the chain before it is let in;
 * the answer is what it found.
 */
export async function writeSecret(
  deps: DurableDeps,
  facts: Facts,
  action: Extract<Action, { kind: 'write-secret' }>,
  check: (request: CertificateRequest, chainPem: Buffer) => Inspection,
): Promise<Inspection> {
  const { actions, context, keyFacts } = deps;
  const { certificate } = facts;
  const namespace = certificate.metadata?.namespace ?? '';
  const { name } = action.request;
  const cached = context.informers.certificateRequests.get(cacheKey(namespace, name));
  const request =
    (cached === undefined ? undefined : context.answers.take(cached)) ??
    (await context.client.get<CertificateRequest>(certificateRequests, { namespace, name }));
  if (request.metadata?.uid !== action.request.uid)
    throw new ChangedMeanwhileError(`CertificateRequest "${action.request.name}" was replaced`);
  const chainPem = Buffer.from(request.status?.certificate ?? '', 'base64');
  const inspection = check(request, chainPem);
  if (inspection.refusal !== undefined) return inspection;
  const key = decodePrivateKey(await actions.readEntry(namespace, action.keySecret, secretKeys.privateKey));
  const keyPem = Buffer.from(encodePrivateKey(key, certificate.spec.privateKey?.encoding ?? 'PKCS1'));
  keyFacts.remember(keyPem, privateKeyFacts(key));
  await actions.applySecret({
    certificate,
    keyPem,
    chainPem,
    leaf: keyFacts.leaf(chainPem),
    caPem: Buffer.from(request.status?.ca ?? '', 'base64'),
    issuerRef: request.spec.issuerRef,
    existingType: facts.secret?.type,
    passwords: await actions.readPasswords(certificate),
  });
  return inspection;
}

export async function writeTemporary(deps: DurableDeps, facts: Facts, keySecret: string): Promise<void> {
  const { actions, context } = deps;
  const { certificate } = facts;
  const { spec, metadata } = certificate;
  const key = decodePrivateKey(
    await actions.readEntry(metadata?.namespace ?? '', keySecret, secretKeys.privateKey),
  );
  const duration = spec.duration === undefined ? undefined : parseDuration(spec.duration);
  const chainPem = await temporaryCertificate({
    template: csrTemplate(spec),
    key,
    now: context.clock.now(),
    duration,
  });
  await actions.applySecret({
    certificate,
    keyPem: Buffer.from(encodePrivateKey(key, spec.privateKey?.encoding ?? 'PKCS1')),
    chainPem: Buffer.from(chainPem),
    existingType: facts.secret?.type,
    passwords: await actions.readPasswords(certificate),
  });
}

/** Applies the Secret again with the key, certificate and CA that it holds. */
export async function repairSecret(deps: DurableDeps, facts: Facts): Promise<void> {
  const { actions } = deps;
  const { certificate } = facts;
  const secret = await actions.readSecret(certificate.metadata?.namespace ?? '', certificate.spec.secretName);
  const bytes = (key: string): Buffer => Buffer.from(secret.data?.[key] ?? '', 'base64');
  const keyPem = bytes(secretKeys.privateKey);
  const chainPem = bytes(secretKeys.certificate);
  if (keyPem.length === 0 || chainPem.length === 0)
    throw new ChangedMeanwhileError(`Secret "${certificate.spec.secretName}" lost its data`);
  const annotations = facts.secret?.annotations ?? {};
  await actions.applySecret({
    certificate,
    keyPem,
    chainPem,
    caPem: bytes(secretKeys.ca),
    issuerRef: issuerRefOf(annotations),
    existingType: secret.type,
    existingData: secret.data,
    passwords: await actions.readPasswords(certificate),
  });
}

function issuerRefOf(annotations: Readonly<Record<string, string>>): {
  name: string;
  kind: string;
  group: string;
} {
  return {
    name: annotations[annotationKeys.issuerName] ?? '',
    kind: annotations[annotationKeys.issuerKind] ?? '',
    group: annotations[annotationKeys.issuerGroup] ?? '',
  };
}
