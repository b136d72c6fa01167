import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Certificate } from '../../../api/certificate.ts';
import type { CertificateRequest } from '../../../api/certificate-request.ts';
import { certificateRequests, certificates } from '../../../api/resources.ts';
import { acmeFleetStarter } from '../../testing/acme-fleet.ts';
import type { Fleet } from '../../testing/fleet.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = acmeFleetStarter();
const ref = { name: 'main', kind: 'ClusterIssuer' };
const withBackup = { annotations: { 'certwright.dev/fallback-issuers': 'ClusterIssuer/backup' } };
const acme = (word: string): string => `urn:ietf:params:acme:error:${word}`;
const at = (fleet: Fleet, ms: number): string =>
  `${new Date(fleet.clock.now() + ms).toISOString().slice(0, 19)}Z`;

const issuerOf = async (fleet: Fleet): Promise<string | undefined> =>
  (await fleet.getSecret('web'))?.metadata?.annotations?.['cert-manager.io/issuer-name'];
const told = (fleet: Fleet): string[] =>
  fleet.client.events.filter(({ reason }) => reason === 'FallbackIssuer').map(({ message }) => message);
const condition = async (fleet: Fleet): Promise<string | undefined> =>
  (await fleet.getCertificate('web')).status?.conditions?.find(({ type }) => type === 'FallbackIssuer')
    ?.message;
const requests = async (fleet: Fleet): Promise<string[]> =>
  (await fleet.client.list<CertificateRequest>(certificateRequests, { namespace: 'shop' })).items.map(
    ({ spec }) => spec.issuerRef.name,
  );

describe('fallback issuers', () => {
  test('a CA that cannot be reached for longer than it may: the next one issues, and the first is asked first at the next renewal', async () => {
    const { fleet, world } = await start();
    const main = await world.issuer(fleet, 'main');
    const backup = await world.issuer(fleet, 'backup');
    main.outcome = 'pending';
    await fleet.certificate('web', { issuerRef: ref }, withBackup);
    await world.order(fleet, 'web-1', {
      state: 'pending',
      problem: 'about:blank',
      reason: 'connection refused',
      nextAttemptAt: at(fleet, 5 * minute),
    });
    await fleet.clock.advance(9 * minute);
    assert.equal(backup.issued.length, 0, 'ten minutes are waited for without a certificate');
    await fleet.clock.advance(2 * minute);
    assert.equal(backup.issued.length, 1);
    assert.equal(await issuerOf(fleet), 'backup');
    assert.match(told(fleet).join(), /"backup" is asked instead of ClusterIssuer "main".*connection refused/);
    assert.match(
      (await condition(fleet)) ?? '',
      /from ClusterIssuer "backup".*next renewal asks ClusterIssuer "main" first/,
    );
    const { status } = await fleet.getCertificate('web');
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.equal(status?.failedIssuanceAttempts, undefined, 'it is no failure');
    main.outcome = 'issued';
    await fleet.clock.advance(20 * day);
    assert.equal(backup.issued.length + main.issued.length, 1, 'a healthy issuer is no reason to issue anew');
    await fleet.clock.advance(15 * day);
    assert.deepEqual([main.issued.length, backup.issued.length], [1, 1]);
    assert.equal(await issuerOf(fleet), 'main');
    assert.equal(await condition(fleet), undefined);
  });

  test('a renewal has more patience than a first certificate', async () => {
    const { fleet, world } = await start();
    const main = await world.issuer(fleet, 'main');
    const backup = await world.issuer(fleet, 'backup');
    await fleet.certificate('web', { issuerRef: ref, renewBefore: '360h' }, withBackup);
    await fleet.clock.advance(29 * day);
    assert.equal(main.issued.length, 1);
    main.outcome = 'pending';
    main.retries = false;
    await fleet.clock.advanceTo(main.issued[0]!.at + 30 * day + 1000);
    await world.order(fleet, 'web-2', {
      state: 'pending',
      problem: acme('serverInternal'),
      nextAttemptAt: at(fleet, hour),
    });
    await fleet.clock.advance(23 * hour);
    assert.equal(backup.issued.length, 0);
    await fleet.clock.advance(2 * hour);
    assert.equal(backup.issued.length, 1, 'after a day');
  });

  test('the annotation says how long', async () => {
    const { fleet, world } = await start();
    (await world.issuer(fleet, 'main')).outcome = 'pending';
    const backup = await world.issuer(fleet, 'backup');
    const annotations = { ...withBackup.annotations, 'certwright.dev/fallback-after': '1m' };
    await fleet.certificate('web', { issuerRef: ref }, { annotations });
    await world.order(fleet, 'web-1', {
      state: 'pending',
      problem: 'about:blank',
      nextAttemptAt: at(fleet, minute),
    });
    await fleet.clock.advance(61_000);
    assert.equal(backup.issued.length, 1);
  });

  test('a limit: waited for while the certificate can wait, not beyond', async () => {
    for (const [wait, turns] of [
      [3 * day, false],
      [14 * day, true],
    ] as const) {
      const { fleet, world } = await start();
      const main = await world.issuer(fleet, 'main');
      const backup = await world.issuer(fleet, 'backup');
      await fleet.certificate('web', { issuerRef: ref, renewBefore: '360h' }, withBackup);
      await fleet.clock.advance(30 * day - 1000);
      main.outcome = 'pending';
      await fleet.clock.advance(2000);
      await world.order(fleet, 'web-2', {
        state: 'pending',
        problem: acme('rateLimited'),
        nextAttemptAt: at(fleet, wait),
      });
      await fleet.clock.advance(1000);
      assert.equal(backup.issued.length, turns ? 1 : 0, `a slot in ${wait / day} days`);
    }
  });

  test('an order that a fault of the CA ended goes to the next at once; one that the subscriber caused does not', async () => {
    for (const [problem, turns] of [
      [acme('serverInternal'), true],
      [acme('rejectedIdentifier'), false],
      [acme('caa'), false],
      [acme('badCSR'), false],
      [undefined, false],
    ] as const) {
      const { fleet, world } = await start();
      const main = await world.issuer(fleet, 'main');
      const backup = await world.issuer(fleet, 'backup');
      main.outcome = 'pending';
      await fleet.certificate('web', { issuerRef: ref }, withBackup);
      await world.order(fleet, 'web-1', { state: 'errored', ...(problem === undefined ? {} : { problem }) });
      main.outcome = 'failed';
      await fleet.clock.advance(6 * minute);
      assert.equal(backup.issued.length, turns ? 1 : 0, problem ?? 'no problem written down');
      const { status } = await fleet.getCertificate('web');
      assert.equal(status?.failedIssuanceAttempts, turns ? undefined : 1);
    }
  });

  test('an issuer that is not Ready is left after a while; a fallback that is not is no help', async () => {
    const { fleet, world } = await start();
    world.ca('main').ready = false;
    world.ca('backup').ready = false;
    await world.issuer(fleet, 'main');
    await world.issuer(fleet, 'backup');
    const third = await world.issuer(fleet, 'third');
    const fallbacks = 'ClusterIssuer/backup,ClusterIssuer/third';
    await fleet.certificate(
      'web',
      { issuerRef: ref },
      { annotations: { 'certwright.dev/fallback-issuers': fallbacks } },
    );
    await fleet.clock.advance(9 * minute);
    assert.equal(third.issued.length, 0);
    await fleet.clock.advance(2 * minute);
    assert.equal(third.issued.length, 1);
    assert.match(told(fleet).join(), /"third" is asked instead of ClusterIssuer "main", which is not Ready/);
  });

  test('a restart follows the fallback to its end, and asks nobody twice', async () => {
    const { fleet, world } = await start();
    const main = await world.issuer(fleet, 'main');
    const backup = await world.issuer(fleet, 'backup');
    main.outcome = 'pending';
    backup.outcome = 'pending';
    await fleet.certificate('web', { issuerRef: ref }, withBackup);
    await world.order(fleet, 'web-1', {
      state: 'pending',
      problem: 'about:blank',
      nextAttemptAt: at(fleet, minute),
    });
    await fleet.clock.advance(11 * minute);
    assert.deepEqual(await requests(fleet), ['backup']);
    await fleet.stop();
    backup.outcome = 'issued';
    await fleet.start();
    await fleet.clock.advance(6 * minute);
    assert.deepEqual([main.issued.length, backup.issued.length], [0, 1]);
    assert.deepEqual(await requests(fleet), ['backup']);
    await fleet.stop();
    await fleet.start();
    await fleet.clock.advance(hour);
    assert.equal(backup.issued.length, 1, 'what a fallback issued is what the spec wants');
  });

  test('who takes the fallback away wants a certificate of the issuer in the spec', async () => {
    const { fleet, world } = await start();
    const main = await world.issuer(fleet, 'main');
    await world.issuer(fleet, 'backup');
    main.outcome = 'pending';
    const annotations = { ...withBackup.annotations, 'certwright.dev/fallback-after': '1m' };
    await fleet.certificate('web', { issuerRef: ref }, { annotations });
    await world.order(fleet, 'web-1', {
      state: 'pending',
      problem: 'about:blank',
      nextAttemptAt: at(fleet, minute),
    });
    await fleet.clock.advance(2 * minute);
    assert.equal(await issuerOf(fleet), 'backup');
    main.outcome = 'issued';
    const certificate = await fleet.getCertificate('web');
    const changed: Certificate = { ...certificate, metadata: { ...certificate.metadata, annotations: {} } };
    await fleet.client.update(certificates, changed, { fieldManager: 'test' });
    await fleet.clock.advance(minute);
    assert.equal(await issuerOf(fleet), 'main');
  });

  test('an annotation that names no issuer is told in a condition', async () => {
    const { fleet, world } = await start();
    await world.issuer(fleet, 'main');
    await fleet.certificate(
      'web',
      { issuerRef: ref },
      { annotations: { 'certwright.dev/fallback-issuers': 'backup' } },
    );
    await fleet.settle();
    assert.match(
      (await condition(fleet)) ?? '',
      /"backup" is no issuer: write Issuer\/name or ClusterIssuer\/name/,
    );
    assert.equal(await issuerOf(fleet), 'main');
  });
});
