/** The manifests of a storm, and what must be true of everything it leaves behind. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import { certificateRequests, certificates, secrets } from '../../src/api/resources.ts';
import { checkSecret, entryOf } from '../../src/controllers/testing/check-secret.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const revisionAnnotation = 'cert-manager.io/certificate-revision';
const nextKeyLabel = 'cert-manager.io/next-private-key';

function certificate(name: string, namespace: string, spec: object): object {
  const metadata = { name, namespace };
  return { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata, spec };
}

/** `count` P-256 leaves of one CA, in files of a hundred. JSON is YAML. */
export function writeFleet(folder: string, count: number): void {
  const ecdsa = { algorithm: 'ECDSA', size: 256 };
  const issuer = (name: string, spec: object): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name },
    spec,
  });
  const root = {
    isCA: true,
    commonName: 'storm root',
    secretName: 'root',
    privateKey: ecdsa,
    issuerRef: { name: 'self', kind: 'ClusterIssuer' },
  };
  const write = (name: string, objects: readonly object[]): void => {
    const path = join(folder, 'manifests', name);
    writeFileSync(path, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  };
  mkdirSync(join(folder, 'manifests'), { recursive: true });
  write('00-issuers.yaml', [
    issuer('self', { selfSigned: {} }),
    issuer('ca', { ca: { secretName: 'root' } }),
    certificate('root', 'cert-manager', root),
  ]);
  for (let first = 0; first < count; first += 100) {
    const leaves = Array.from({ length: Math.min(100, count - first) }, (_, index) => {
      const name = `leaf-${String(first + index).padStart(4, '0')}`;
      const issuerRef = { name: 'ca', kind: 'ClusterIssuer' };
      return certificate(name, 'storm', {
        secretName: name,
        dnsNames: [`${name}.example.test`],
        privateKey: ecdsa,
        issuerRef,
      });
    });
    write(`leaves-${String(first).padStart(4, '0')}.yaml`, leaves);
  }
}

export interface Holdings {
  certificates: Certificate[];
  requests: CertificateRequest[];
  secrets: Secret[];
}

export async function holdingsOf(client: KubeClient): Promise<Holdings> {
  return {
    certificates: (await client.list<Certificate>(certificates)).items,
    requests: (await client.list<CertificateRequest>(certificateRequests)).items,
    secrets: (await client.list<Secret>(secrets)).items,
  };
}

/** Every Certificate Ready at revision 1 with a Secret whose halves belong together, and nothing besides. */
export function checkHoldings(held: Holdings, count: number): void {
  assert.equal(held.certificates.length, count);
  const secretOf = new Map(held.secrets.map((secret) => [keyOf(secret), secret]));
  const requestsOf = Map.groupBy(held.requests, ({ metadata }) => metadata?.ownerReferences?.[0]?.uid ?? '');
  for (const one of held.certificates) {
    const key = keyOf(one);
    const ready = one.status?.conditions?.find(({ type }) => type === 'Ready');
    assert.equal(ready?.status, 'True', `${key}: ${ready?.message}`);
    assert.equal(one.status?.revision, 1, `${key}: revision`);
    const issuing = one.status?.conditions?.find(({ type }) => type === 'Issuing');
    assert.equal(issuing, undefined, `${key}: nothing is under way`);
    const secret = secretOf.get(key);
    checkSecret(secret);
    const [request, ...more] = requestsOf.get(one.metadata?.uid ?? '') ?? [];
    assert.equal(more.length, 0, `${key}: one CertificateRequest`);
    assert.equal(request?.metadata?.annotations?.[revisionAnnotation], '1', `${key}: of revision 1`);
    const signed = Buffer.from(request?.status?.certificate ?? '', 'base64');
    assert.deepEqual(entryOf(secret, 'tls.crt'), signed, `${key}: the Secret holds what was signed`);
  }
  assert.equal(held.requests.length, count, 'no CertificateRequest without its Certificate');
  assert.deepEqual(
    held.secrets.filter(({ metadata }) => metadata?.labels?.[nextKeyLabel] !== undefined),
    [],
    'no next private key is left',
  );
  assert.equal(held.secrets.filter(({ type }) => type === 'kubernetes.io/tls').length, count);
}

/** The folder of each Certificate shows its Secret, and holds nothing that an interrupted swap left behind. */
export function checkExport(folder: string, held: Holdings): void {
  for (const secret of held.secrets) {
    if (secret.type !== 'kubernetes.io/tls') continue;
    const path = join(folder, 'out', secret.metadata?.namespace ?? '', secret.metadata?.name ?? '');
    assert.ok(existsSync(path), `${path} is exported`);
    const keys = Object.keys(secret.data ?? {});
    const names = readdirSync(path);
    const swapped = names.filter((name) => name.startsWith('..') && name !== '..data');
    assert.equal(swapped.length, 1, `${path} holds one data folder: ${names.join(' ')}`);
    assert.deepEqual(names.filter((name) => !name.startsWith('..')).toSorted(), keys.toSorted());
    for (const key of keys) assert.deepEqual(readFileSync(join(path, key)), entryOf(secret, key));
  }
}

export function keyOf({ metadata }: { metadata?: { namespace?: string; name?: string } }): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
