/** Installs our admission policies as the documentation tells people to: `kubectl apply --server-side`. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { ClusterAccess } from './access.ts';

const run = promisify(execFile);
const folder = path.resolve(import.meta.dirname, '../../deploy/admission');
const LIMIT_MS = 60_000;
const issuerRef = { name: 'x' };

/** By plural: what the policies refuse, and no schema does. */
const REFUSED: Readonly<Record<string, { kind: string; spec: object }>> = {
  certificates: { kind: 'Certificate', spec: { secretName: 'A', issuerRef, dnsNames: ['a'] } },
  issuers: { kind: 'Issuer', spec: { ca: { secretName: '' } } },
  certificaterequests: { kind: 'CertificateRequest', spec: { issuerRef, request: 'AAAA' } },
};

/** Resolves when the API server asks them, which is some time after they are written. The definitions must be there. */
export async function installAdmission(kubectl: string, access: ClusterAccess): Promise<void> {
  await run(kubectl, ['--kubeconfig', access.kubeconfig, 'apply', '--server-side', '-f', folder]);
  const limit = performance.now() + LIMIT_MS;
  for (const [plural, { kind, spec }] of Object.entries(REFUSED)) {
    const asked = `/apis/cert-manager.io/v1/namespaces/default/${plural}?dryRun=All`;
    const object = { apiVersion: 'cert-manager.io/v1', kind, metadata: { name: 'in-force' }, spec };
    for (;;) {
      const { body } = await access.ask('POST', asked, object);
      if (body.includes('ValidatingAdmissionPolicy')) break;
      if (performance.now() > limit) throw new Error(`the policy for ${plural} is not in force: ${body}`);
      await wait(50);
    }
  }
}
