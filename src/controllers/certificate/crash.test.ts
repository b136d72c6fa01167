import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateRequests } from '../../api/resources.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { Fleet } from '../testing/fleet.ts';

class Killed extends Error {}

for (let survivor = 0; survivor <= 4; survivor++) {
  test(`killed after ${survivor} of the four writes: the restart ends with revision 1 and a fitting key`, async () => {
    const fleet = new Fleet();
    await fleet.selfSigned();
    await fleet.start();
    let left = survivor;
    let dead = false;
    fleet.client.intercept = (write) => {
      if (write.manager === 'test') return;
      if (dead || left === 0) {
        dead = true;
        throw new Killed(`no ${write.verb} of ${write.kind} any more`);
      }
      if (write.kind !== 'Event') left--;
    };
    await fleet.certificate('web');
    await fleet.settle();
    await fleet.stop();
    fleet.client.intercept = () => undefined;
    await fleet.start();
    await fleet.clock.advance(120_000);
    const { status } = await fleet.getCertificate('web');
    assert.equal(status?.revision, 1);
    assert.deepEqual(
      status?.conditions?.map(({ type, status: value }) => [type, value]),
      [['Ready', 'True']],
    );
    checkSecret(await fleet.getSecret('web'));
    assert.deepEqual(
      fleet.client.all(certificateRequests).map(({ metadata }) => metadata?.name),
      ['web-1'],
    );
    await fleet.stop();
  });
}

test('a status write that loses the race is decided again on what the other writer left', async () => {
  const fleet = new Fleet();
  await fleet.selfSigned();
  await fleet.start();
  let once = true;
  fleet.client.intercept = (write) => {
    if (!once || write.kind !== 'Secret' || write.verb !== 'apply') return;
    once = false;
    void fleet.getCertificate('web').then((certificate) =>
      fleet.client.patch(
        {
          group: 'cert-manager.io',
          version: 'v1',
          kind: 'Certificate',
          plural: 'certificates',
          singular: 'certificate',
          namespaced: true,
        },
        { namespace: 'shop', name: 'web' },
        'merge',
        { metadata: { labels: { touched: String(certificate.metadata?.generation) } } },
        { fieldManager: 'test' },
      ),
    );
  };
  await fleet.certificate('web');
  await fleet.clock.advance(5000);
  const certificate = await fleet.getCertificate('web');
  assert.equal(certificate.metadata?.labels?.['touched'], '1');
  assert.equal(certificate.status?.revision, 1);
  assert.equal(
    fleet.client.writes.filter(({ kind, verb }) => kind === 'Secret' && verb === 'apply').length,
    1,
  );
  await fleet.stop();
});
