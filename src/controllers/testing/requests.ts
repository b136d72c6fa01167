/** CertificateRequests, issuers and CA Secrets for tests of the request and issuer controllers. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Secret } from '../../api/core.ts';
import type { ClusterIssuer, Issuer, IssuerSpec } from '../../api/issuer.ts';
import type { Condition } from '../../api/meta.ts';
import { certificateRequests, clusterIssuers, issuers, secrets } from '../../api/resources.ts';
import { encodePem } from '../../pki/pem.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { epoch, type Fleet } from './fleet.ts';

export const byTest = { fieldManager: 'test' };
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export function csrOf(key: KeyObject, commonName: string): string {
  return base64(
    encodePem('CERTIFICATE REQUEST', createCsr({ commonName, dnsNames: [`${commonName}.example.com`] }, key)),
  );
}

/** Made once per call; `key` signs and is stored unless `storedKey` is another. */
export async function caSecret(
  namespace: string,
  name: string,
  change: { commonName?: string; isCA?: boolean; storedKey?: KeyObject; extra?: Record<string, string> } = {},
): Promise<Secret> {
  const { commonName = 'Test CA', isCA = true, extra = {} } = change;
  const key = newKey();
  const csr = parseCsr(createCsr({ commonName, isCA }, key));
  const der = await certificateFromRequest({ csr, now: epoch, isCA }, createSigner(key));
  return {
    metadata: { namespace, name },
    data: {
      'tls.crt': base64(encodePem('CERTIFICATE', der)),
      'tls.key': base64(encodePrivateKey(change.storedKey ?? key)),
      ...extra,
    },
  };
}

export async function putSecret(fleet: Fleet, secret: Secret): Promise<void> {
  await fleet.client.create(secrets, secret, byTest);
  await fleet.settle();
}

export async function putIssuer(
  fleet: Fleet,
  name: string,
  spec: IssuerSpec,
  namespace = 'shop',
): Promise<void> {
  await fleet.client.create<Issuer>(issuers, { metadata: { name, namespace }, spec }, byTest);
  await fleet.settle();
}

export async function putClusterIssuer(fleet: Fleet, name: string, spec: IssuerSpec): Promise<void> {
  await fleet.client.create<ClusterIssuer>(clusterIssuers, { metadata: { name }, spec }, byTest);
  await fleet.settle();
}

export async function putRequest(
  fleet: Fleet,
  name: string,
  change: Partial<CertificateRequest['spec']> & {
    annotations?: Record<string, string>;
    conditions?: Condition[];
  } = {},
): Promise<void> {
  const { annotations, conditions, ...spec } = change;
  const request: CertificateRequest = {
    metadata: { name, namespace: 'shop', annotations },
    spec: { issuerRef: { name: 'ca' }, request: csrOf(newKey(), name), ...spec },
  };
  if (conditions !== undefined) request.status = { conditions };
  await fleet.client.create(certificateRequests, request, byTest);
  await fleet.settle();
}

export function getRequest(fleet: Fleet, name: string): Promise<CertificateRequest> {
  return fleet.client.get<CertificateRequest>(certificateRequests, { namespace: 'shop', name });
}

/** `Ready` as `status/reason: message`, for one-line assertions. */
export async function readyOf(fleet: Fleet, name: string): Promise<string> {
  const { status } = await getRequest(fleet, name);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined ? 'none' : `${ready.status}/${ready.reason}: ${ready.message}`;
}

/** Reasons of the events about `name`, in order. */
export function eventsOf(fleet: Fleet, name: string): string[] {
  return fleet.client.events
    .filter((event) => event.name === name)
    .map(({ type, reason, component }) => `${type} ${reason} ${component.replace('cert-manager-', '')}`);
}

/** Runs `act` every time Secret `name` has been looked for, before the answer arrives. */
export function whenSecretIsRead(fleet: Fleet, name: string, act: () => Promise<void>): void {
  const { client } = fleet;
  const get = client.get.bind(client);
  client.get = async (type, key) => {
    const answer = get(type, key);
    if (type.plural !== 'secrets' || key.name !== name) return answer as never;
    // The answer stands before anything else happens, and arrives after it.
    const [settled] = await Promise.allSettled([answer]);
    await act();
    if (settled.status === 'rejected') throw settled.reason as Error;
    return settled.value as never;
  };
}
