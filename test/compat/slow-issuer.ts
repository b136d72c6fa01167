/** The external issuer of the fixtures (`SlowIssuer` of group example.com): answers a request when the test says so. */
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Condition } from '../../src/api/meta.ts';
import { certificateRequests } from '../../src/api/resources.ts';
import { generateKey } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import type { CompatWorld } from './compat-world.ts';

/** Pending: an issuer that has taken the request up. */
export async function takeUp(world: CompatWorld, name: string): Promise<void> {
  await answer(
    world,
    name,
    { type: 'Ready', status: 'False', reason: 'Pending', message: 'in the queue' },
    {},
  );
}

/** Signs with a key of its own that nobody else knows. */
export async function sign(world: CompatWorld, name: string): Promise<void> {
  const request = await world.get<CertificateRequest>(certificateRequests, 'shop', name);
  const csr = parseCsr(Buffer.from(request.spec.request, 'base64'));
  const { isCA, usages } = request.spec;
  const signer = createSigner(await generateKey({ algorithm: 'ECDSA' }));
  const der = await certificateFromRequest({ csr, now: world.clock.now(), isCA, usages }, signer);
  const certificate = Buffer.from(encodePem('CERTIFICATE', der)).toString('base64');
  await answer(
    world,
    name,
    { type: 'Ready', status: 'True', reason: 'Issued', message: 'signed' },
    { certificate },
  );
}

async function answer(world: CompatWorld, name: string, condition: Condition, rest: object): Promise<void> {
  const request = await world.get<CertificateRequest>(certificateRequests, 'shop', name);
  const others = request.status?.conditions?.filter(({ type }) => type !== condition.type) ?? [];
  const lastTransitionTime = `${new Date(world.clock.now()).toISOString().slice(0, 19)}Z`;
  const status = {
    ...request.status,
    ...rest,
    conditions: [...others, { ...condition, lastTransitionTime }],
  };
  const options = { fieldManager: 'slow-issuer', subresource: 'status' } as const;
  await world.client().update(certificateRequests, { ...request, status }, options);
  await world.settle();
}
