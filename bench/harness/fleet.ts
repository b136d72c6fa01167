/** The fleet of a scenario: a CA issuer, N certificates through it, and waiting for all of them to be Ready. */
import type { Api, WatchedObject } from './api.ts';

export const namespace = 'bench';
const issuersPath = `/apis/cert-manager.io/v1/namespaces/${namespace}/issuers`;

/** Where a fleet lives, and who is asked to sign for it. */
export interface Place {
  namespace: string;
  issuerRef: { name: string; kind?: string; group?: string };
}

const own: Place = { namespace, issuerRef: { name: 'ca', kind: 'Issuer' } };

export function certificatesPath(place: Place = own): string {
  return `/apis/cert-manager.io/v1/namespaces/${place.namespace}/certificates`;
}

export type KeyAlgorithm = 'ECDSA' | 'RSA';

const metadata = (name: string, place: Place = own): object => ({ name, namespace: place.namespace });

export async function createIssuer(api: Api): Promise<void> {
  await api.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await api.must('POST', issuersPath, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: metadata('root'),
    spec: { selfSigned: {} },
  });
  await api.must('POST', issuersPath, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: metadata('ca'),
    spec: { ca: { secretName: 'ca' } },
  });
  const before = await version(api);
  await api.must('POST', certificatesPath(), {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: metadata('ca'),
    spec: {
      isCA: true,
      commonName: 'bench CA',
      secretName: 'ca',
      duration: '87600h',
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: { name: 'root' },
    },
  });
  await allReady(api, before, new Set(['ca']), 1);
}

/** The collection's current resourceVersion. */
export async function version(api: Api, place: Place = own): Promise<string> {
  const list = (await api.must('GET', `${certificatesPath(place)}?limit=1`)) as {
    metadata: { resourceVersion: string };
  };
  return list.metadata.resourceVersion;
}

export function fleetNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `leaf-${String(index).padStart(6, '0')}`);
}

export async function createFleet(
  api: Api,
  names: string[],
  algorithm: KeyAlgorithm,
  place: Place = own,
): Promise<void> {
  await each(names, 16, async (name) => {
    await api.must('POST', certificatesPath(place), {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: metadata(name, place),
      spec: {
        secretName: name,
        commonName: `${name}.example.test`,
        dnsNames: [`${name}.example.test`, `www.${name}.example.test`],
        duration: '2160h',
        renewBefore: '360h',
        privateKey: algorithm === 'RSA' ? { algorithm, size: 2048 } : { algorithm, size: 256 },
        issuerRef: place.issuerRef,
      },
    });
  });
}

/** What `--manifests` is given to see the first certificate: an issuer that signs at once, and one Certificate. */
export const firstManifest = `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: root, namespace: ${namespace} }
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: first, namespace: ${namespace} }
spec:
  secretName: first
  commonName: first.example.test
  dnsNames: [first.example.test]
  privateKey: { algorithm: ECDSA, size: 256 }
  issuerRef: { name: root }
`;

/** Asks for a re-issue the way cmctl renew does: by the Issuing condition. */
export async function renewFleet(api: Api, names: string[]): Promise<void> {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime,
  };
  await each(names, 16, async (name) => {
    const patch = [{ op: 'add', path: '/status/conditions/-', value: issuing }];
    await api.must('PATCH', `${certificatesPath()}/${name}/status`, patch, 'application/json-patch+json');
  });
}

/** Resolves when every named certificate was seen Ready at the revision, and nothing is being issued any more. */
export async function allReady(
  api: Api,
  sinceVersion: string,
  names: ReadonlySet<string>,
  revision: number,
  place: Place = own,
): Promise<void> {
  const open = new Set(names);
  const settled = ({ status }: WatchedObject): boolean =>
    status?.revision === revision &&
    status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' &&
    status.conditions.every(({ type, status: value }) => type !== 'Issuing' || value === 'False');
  await api.follow(certificatesPath(place), sinceVersion, (object) => {
    if (settled(object)) open.delete(object.metadata.name);
    return open.size === 0;
  });
}

export async function each<T>(items: T[], width: number, task: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
