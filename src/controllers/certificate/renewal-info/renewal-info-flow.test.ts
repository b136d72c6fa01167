import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AcmeProblemError } from '../../../acme/errors.ts';
import type { Certificate } from '../../../api/certificate.ts';
import { certificateRequests } from '../../../api/resources.ts';
import type { CertificateRequest } from '../../../api/certificate-request.ts';
import type { Fleet } from '../../testing/fleet.ts';
import { acmeFleetStarter, type TestCa } from '../../testing/acme-fleet.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = acmeFleetStarter();
const ref = { name: 'le', kind: 'ClusterIssuer' };

const ari = async (fleet: Fleet): Promise<NonNullable<Certificate['status']>> => {
  const { status } = await fleet.getCertificate('web');
  assert.ok(status !== undefined);
  return status;
};
const events = (fleet: Fleet, reason: string): string[] =>
  fleet.client.events.filter((event) => event.reason === reason).map(({ message }) => message);
/** Within these days of the life of each certificate. */
const windowAt = (fleet: Fleet, ca: TestCa, from: number, to: number, retryAfterMs = 6 * hour): void => {
  ca.info = () => {
    const at = ca.issued.at(-1)?.at ?? fleet.clock.now();
    const explanationURL = 'https://ca.example/why';
    return { start: at + from * day, end: at + to * day, explanationURL, retryAfterMs };
  };
};

describe('renewal information', () => {
  test('the CA is asked after the issue; the certificate is renewed in its window and at no other time', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    windowAt(fleet, ca, 25, 27);
    await fleet.certificate('web', { issuerRef: ref, renewBefore: '960h' });
    await fleet.settle();
    const first = await ari(fleet);
    assert.deepEqual(Object.keys(first.acme?.ari ?? {}).toSorted(), [
      'explanationURL',
      'lastChecked',
      'nextCheck',
      'suggestedWindow',
    ]);
    const issuedAt = ca.issued[0]!.at;
    const planned = Date.parse(first.renewalTime ?? '');
    assert.ok(
      planned >= issuedAt + 25 * day && planned <= issuedAt + 27 * day,
      'renewBefore of 40 days is not heard',
    );
    assert.equal(events(fleet, 'ARIError').length, 0);
    await fleet.clock.advanceTo(planned - 1000);
    assert.equal(ca.issued.length, 1, 'not a second before');
    assert.equal(
      (await ari(fleet)).renewalTime,
      first.renewalTime,
      'a hundred answers later it is the same instant',
    );
    const questions = ca.asked.length;
    assert.ok(questions > 80 && questions < 130, `${questions} in 26 days, at every six hours`);
    await fleet.clock.advanceTo(planned + 1000);
    assert.equal(ca.issued.length, 2);
    assert.match(
      events(fleet, 'Issuing').join('\n'),
      /the CA asks for renewal between .* https:\/\/ca\.example\/why/,
    );
    await fleet.settle();
    const second = await ari(fleet);
    assert.ok(
      Date.parse(second.acme?.ari?.suggestedWindow?.start ?? '') > planned,
      'what it says is about the new one',
    );
  });

  test('a window that is over, as for a revoked certificate: replaced at once, and not again when the CA goes on asking', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    windowAt(fleet, ca, 28, 30);
    const windows = [{ cron: '0 3 * * 0', windowDuration: '1h' }];
    await fleet.certificate('web', { issuerRef: ref, renewal: { policy: 'RenewBefore', windows } });
    await fleet.clock.advance(2 * day);
    assert.equal(ca.issued.length, 1);
    const over = fleet.clock.now();
    ca.info = () => ({
      start: over - hour,
      end: over - hour / 2,
      explanationURL: 'https://ca.example/revoked',
    });
    await fleet.clock.advance(8 * hour);
    assert.equal(ca.issued.length, 2, 'within the next poll, Sunday or not');
    assert.match(events(fleet, 'Issuing').join('\n'), /replace this certificate at once.*revoked/);
    // Of the new one the CA says the same; its window lies before it began.
    await fleet.clock.advance(20 * hour);
    assert.equal(ca.issued.length, 2);
    assert.equal(events(fleet, 'ARIError').length, 1, 'told once');
  });

  test('a CA that backdates, and asks again for each new certificate, gets fewer and fewer orders', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    ca.info = () => ({
      start: fleet.clock.now() + 1000,
      end: fleet.clock.now() + 5000,
      retryAfterMs: 3 * hour,
    });
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(4 * day);
    const times = ca.issued.map(({ at }) => Math.round((at - ca.issued[0]!.at) / hour));
    assert.ok(ca.issued.length >= 3 && ca.issued.length <= 6, `issued after hours ${times.join(' ')}`);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    assert.ok(
      gaps.every((gap, i) => i < 1 || gap >= gaps[i - 1]!),
      `gaps in hours ${gaps.join(' ')}`,
    );
    const { items } = await fleet.client.list<CertificateRequest>(certificateRequests, { namespace: 'shop' });
    assert.equal(
      items.at(-1)?.metadata?.annotations?.['certwright.dev/early-renewals'],
      String(ca.issued.length - 1),
      'counted where a restart finds it',
    );
  });

  test('a CA that fails: normal logic, told once, the last window kept while it cannot be reached', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    const problem = { type: 'urn:ietf:params:acme:error:malformed', detail: 'unknown', subproblems: [] };
    ca.info = () => {
      throw new AcmeProblemError(problem, { status: 404 });
    };
    await fleet.certificate('web', { issuerRef: ref, renewBefore: '360h' });
    await fleet.clock.advance(3 * day);
    const unknown = await ari(fleet);
    assert.match(unknown.acme?.ari?.lastError ?? '', /404/);
    assert.equal(Date.parse(unknown.renewalTime ?? ''), ca.issued[0]!.at + 30 * day);
    assert.equal(events(fleet, 'ARIError').length, 1);
    windowAt(fleet, ca, 35, 36);
    await fleet.clock.advance(day);
    assert.ok(Date.parse((await ari(fleet)).renewalTime ?? '') >= ca.issued[0]!.at + 35 * day);
    ca.info = () => {
      throw new AcmeProblemError({ ...problem, type: 'about:blank' }, { status: 503 });
    };
    await fleet.clock.advance(28 * day);
    assert.equal(
      ca.issued.length,
      1,
      'day 32: not before the window that the CA suggested when it could be asked',
    );
    await fleet.clock.advance(5 * day);
    assert.equal(ca.issued.length, 2);
    const seconds = fleet.client.writes.filter(
      ({ kind, verb }) => kind === 'Certificate' && verb === 'update',
    ).length;
    assert.ok(seconds < 230, `${seconds} status writes in 37 days of a CA that is mostly down`);
  });

  test('nobody is asked where the gate, the issuer or the CA says so; the spread applies', async () => {
    for (const [options, acme] of [
      [{ renewalInformation: false }, {}],
      [{}, { renewalInformationSource: 'None' }],
    ] as const) {
      const { fleet, world } = await start(options);
      const ca = await world.issuer(fleet, 'le', { acme });
      windowAt(fleet, ca, 20, 21);
      await fleet.certificate('web', { issuerRef: ref });
      await fleet.clock.advance(day);
      assert.equal(ca.asked.length, 0);
      const status = await ari(fleet);
      assert.equal(status.acme, undefined);
      const at = (Date.parse(status.renewalTime ?? '') - ca.issued[0]!.at) / day;
      assert.ok(at >= 30 && at <= 32.25, `day ${at}`);
    }
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(day);
    assert.ok(ca.asked.length <= 5, 'a CA without ARI is not asked for ever');
    assert.equal((await ari(fleet)).acme, undefined);
  });

  test('a clock that is set forth and back: nothing is issued for it, and the CA is asked on', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    windowAt(fleet, ca, 25, 27);
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(day);
    const { renewalTime } = await ari(fleet);
    fleet.clock.jump(5 * day);
    await fleet.clock.advance(day);
    fleet.clock.jump(-8 * day);
    const before = ca.asked.length;
    await fleet.clock.advance(2 * day);
    assert.ok(ca.asked.length > before + 4, 'what was asked in the future is no reason to wait for it');
    assert.equal(ca.issued.length, 1);
    assert.equal((await ari(fleet)).renewalTime, renewalTime);
    await fleet.clock.advanceTo(Date.parse(renewalTime ?? '') + 1000);
    assert.equal(ca.issued.length, 2);
  });

  test('restarts ask nothing that was answered and issue nothing', async () => {
    const { fleet, world } = await start();
    const ca = await world.issuer(fleet, 'le');
    windowAt(fleet, ca, 25, 27);
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.settle();
    const { renewalTime } = await ari(fleet);
    const questions = ca.asked.length;
    for (let i = 0; i < 3; i++) {
      await fleet.stop();
      await fleet.start();
    }
    assert.equal(ca.asked.length, questions);
    assert.equal(ca.issued.length, 1);
    assert.equal((await ari(fleet)).renewalTime, renewalTime);
  });
});
