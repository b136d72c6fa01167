/** An issuer of another group, as third parties write them: it answers when the test says so. */
import { randomBytes } from 'node:crypto';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Condition } from '../../api/meta.ts';
import { certificateRequests } from '../../api/resources.ts';
import { generateKey } from '../../pki/keys.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import type { Fleet } from './fleet.ts';

export const externalRef = { name: 'slow', kind: 'SlowIssuer', group: 'example.com' };

export async function requestNamed(fleet: Fleet, name: string): Promise<CertificateRequest> {
  return fleet.client.get<CertificateRequest>(certificateRequests, { namespace: 'shop', name });
}

export async function answer(
  fleet: Fleet,
  name: string,
  conditions: Omit<Condition, 'lastTransitionTime'>[],
  rest: object = {},
): Promise<void> {
  const request = await requestNamed(fleet, name);
  const now = `${new Date(fleet.clock.now()).toISOString().slice(0, 19)}Z`;
  const others =
    request.status?.conditions?.filter(({ type }) => !conditions.some((next) => next.type === type)) ?? [];
  const status = {
    ...request.status,
    ...rest,
    conditions: [...others, ...conditions.map((next) => ({ lastTransitionTime: now, ...next }))],
  };
  await fleet.client.update(
    certificateRequests,
    { ...request, status },
    { fieldManager: 'slow-issuer', subresource: 'status' },
  );
  await fleet.settle();
}

/** Signs with a throw-away CA. `validMs`: from now. */
export async function sign(
  fleet: Fleet,
  name: string,
  validMs = 90 * 24 * 3_600_000,
  forKeyOf = name,
): Promise<void> {
  const request = await requestNamed(fleet, forKeyOf);
  const key = await generateKey({ algorithm: 'ECDSA' });
  const now = fleet.clock.now();
  const signer = createSigner(key);
  const ca = parseCertificate(
    await certificateFromRequest(
      { csr: parseCsr(createCsr({ commonName: 'slow ca', isCA: true }, key)), now, isCA: true },
      signer,
    ),
  );
  const csr = parseCsr(Buffer.from(request.spec.request, 'base64'));
  const ask = { csr, now, duration: validMs, usages: request.spec.usages };
  const der = await certificateFromRequest(ask, createSigner(key, ca));
  const pem = Buffer.from(encodePem('CERTIFICATE', parseCertificate(der).der)).toString('base64');
  await answer(fleet, name, [{ type: 'Ready', status: 'True', reason: 'Issued', message: 'signed' }], {
    certificate: pem,
    ca: Buffer.from(ca.pem).toString('base64'),
  });
}

export async function refuse(fleet: Fleet, name: string): Promise<void> {
  const failureTime = `${new Date(fleet.clock.now()).toISOString().slice(0, 19)}Z`;
  await answer(
    fleet,
    name,
    [{ type: 'Ready', status: 'False', reason: 'Failed', message: 'the CA says no' }],
    { failureTime },
  );
}

export function someBytes(): string {
  return randomBytes(32).toString('base64');
}
