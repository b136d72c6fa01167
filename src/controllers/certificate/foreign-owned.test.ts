/** Owner references that name a Certificate of another namespace: Kubernetes has no such ownership, so they mean nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Secret } from '../../api/core.ts';
import { certificateRequests, secrets } from '../../api/resources.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { externalRef, requestNamed, sign } from '../testing/external-issuer.ts';
import { Fleet } from '../testing/fleet.ts';

test('whoever writes in another namespace cannot disturb an issuance by claiming to belong to it', async () => {
  const fleet = new Fleet();
  await fleet.start();
  await fleet.certificate('web', { issuerRef: externalRef });
  await fleet.settle();
  const before = await fleet.getCertificate('web');
  const request = await requestNamed(fleet, 'web-1');
  const ownerReferences = request.metadata?.ownerReferences;
  const write = { fieldManager: 'mallory' };
  const labels = { 'cert-manager.io/next-private-key': 'true', 'controller.cert-manager.io/fao': 'true' };
  for (const name of ['a-key', before.status?.nextPrivateKeySecretName ?? '', 'web']) {
    const key: Secret = { metadata: { name, namespace: 'mallory', labels, ownerReferences }, data: {} };
    await fleet.client.create<Secret>(secrets, key, write);
  }
  for (const revision of ['1', '7', 'x']) {
    const { annotations } = request.metadata ?? {};
    const name = `claims-${revision}`;
    const theirs: CertificateRequest = {
      ...request,
      metadata: {
        name,
        namespace: 'mallory',
        ownerReferences,
        annotations: { ...annotations, 'cert-manager.io/certificate-revision': revision },
      },
      status: {},
    };
    await fleet.client.create<CertificateRequest>(certificateRequests, theirs, write);
  }
  await fleet.settle();
  const during = await fleet.getCertificate('web');
  assert.equal(during.status?.nextPrivateKeySecretName, before.status?.nextPrivateKeySecretName);
  assert.equal((await requestNamed(fleet, 'web-1')).metadata?.uid, request.metadata?.uid);
  await sign(fleet, 'web-1');
  assert.equal((await fleet.getCertificate('web')).status?.revision, 1);
  checkSecret(await fleet.getSecret('web'));
  const left = (kind: typeof secrets): number =>
    fleet.client.all(kind).filter(({ metadata }) => metadata?.namespace === 'mallory').length;
  assert.deepEqual([left(secrets), left(certificateRequests)], [3, 3]);
  await fleet.stop();
});
