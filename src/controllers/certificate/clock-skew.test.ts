/** Clocks that disagree: issuers and users whose time is not ours, and a clock that was wrong for a while. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { certificateRequests, certificates } from '../../api/resources.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { answer, externalRef, sign } from '../testing/external-issuer.ts';
import { Fleet } from '../testing/fleet.ts';
import { backoffRemaining } from './backoff.ts';

const second = 1000;
const hour = 3_600_000;
const year = 365 * 24 * hour;
const running: Fleet[] = [];
after(async () => {
  for (const fleet of running) await fleet.stop();
});
async function fleetWith(name: string, spec = {}): Promise<Fleet> {
  const fleet = new Fleet();
  running.push(fleet);
  await fleet.start();
  await fleet.certificate(name, { issuerRef: externalRef, ...spec });
  await fleet.settle();
  return fleet;
}
const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const requestsOf = (fleet: Fleet): CertificateRequest[] =>
  fleet.client.all<CertificateRequest>(certificateRequests);

/** Fails the request; the times in the answer are `aheadMs` ahead of ours. */
async function failAhead(fleet: Fleet, name: string, aheadMs: number): Promise<void> {
  const time = stamp(fleet.clock.now() + aheadMs);
  const condition = { type: 'Ready', status: 'False', reason: 'Failed', message: 'no' } as const;
  await answer(fleet, name, [{ ...condition, lastTransitionTime: time } as never], { failureTime: time });
}

for (const aheadMs of [30 * second, year]) {
  test(`a failure that an issuer dates ${aheadMs / second} s into the future is booked once`, async () => {
    const fleet = await fleetWith('ahead');
    await failAhead(fleet, 'ahead-1', aheadMs);
    await fleet.clock.advance(20 * second);
    const failed = await fleet.getCertificate('ahead');
    assert.equal(failed.status?.failedIssuanceAttempts, 1);
    await fleet.clock.advance(hour);
    const again = await fleet.getCertificate('ahead');
    assert.equal(again.status?.conditions?.find(({ type }) => type === 'Issuing')?.status, 'True');
    assert.equal(again.status?.failedIssuanceAttempts, 1, 'the second attempt is under way');
    const [request, ...more] = requestsOf(fleet);
    assert.equal(more.length, 0);
    assert.equal(request?.status?.failureTime, undefined, 'it has a request of its own');
    await sign(fleet, 'ahead-1');
    checkSecret(await fleet.getSecret('ahead'));
    assert.deepEqual(fleet.problems, []);
  });
}

test('a re-issuance asked for from a machine whose clock is ahead makes one attempt, not many', async () => {
  const fleet = await fleetWith('eager');
  await sign(fleet, 'eager-1');
  const certificate = await fleet.getCertificate('eager');
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'by hand',
    lastTransitionTime: stamp(fleet.clock.now() + 10 * 60 * second),
  } as const;
  const status = { ...certificate.status, conditions: [...(certificate.status?.conditions ?? []), issuing] };
  await fleet.client.update(
    certificates,
    { ...certificate, status },
    { fieldManager: 'cmctl', subresource: 'status' },
  );
  await fleet.settle();
  fleet.client.writes.length = 0;
  await failAhead(fleet, 'eager-2', 0);
  const made = fleet.client.writes.filter(
    ({ verb, kind }) => verb === 'create' && kind === 'CertificateRequest',
  );
  assert.deepEqual(made, []);
  assert.equal((await fleet.getCertificate('eager')).status?.failedIssuanceAttempts, 1);
});

test('a failure time far in the future, left by a clock that was wrong, parks nobody', () => {
  const base = { attempts: 1, minMs: hour, maxMs: 32 * hour };
  let now = 0;
  for (let looks = 0; looks < 3; looks++)
    now += backoffRemaining({ ...base, lastFailureMs: year, nowMs: now });
  assert.equal(backoffRemaining({ ...base, lastFailureMs: year, nowMs: now }), 0);
  assert.ok(now <= 2 * hour, `${now / hour} h`);
});

test('with a kept key, an answer that was refused is asked for again', async () => {
  const fleet = await fleetWith('kept', {
    privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
  });
  await sign(fleet, 'kept-1');
  await fleet.clock.advance(24 * hour);
  const renewal = (await fleet.getCertificate('kept')).status?.renewalTime ?? '';
  await fleet.clock.advanceTo(Date.parse(renewal));
  // The issuer answers with a certificate that is over already.
  await sign(fleet, 'kept-2', -hour);
  assert.equal((await fleet.getCertificate('kept')).status?.failedIssuanceAttempts, 1);
  await fleet.clock.advance(hour + second);
  assert.equal((await fleet.getCertificate('kept')).status?.failedIssuanceAttempts, 1);
  await sign(fleet, 'kept-2');
  const done = await fleet.getCertificate('kept');
  assert.equal(done.status?.revision, 2);
  checkSecret(await fleet.getSecret('kept'));
});
