/** A machine whose clock is a day and a half away from that of the CA: certificates all the same, and each only once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { systemClock } from '../../src/kube/clock.ts';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { AcmeServerWorld, isReady } from './acme-server-world.ts';

const hour = 3_600_000;

for (const [title, offset] of [
  ['ahead', 36 * hour],
  ['behind', -36 * hour],
] as const)
  test(`our clock is ${title} of the CA's`, async () => {
    const [httpPort = 0] = await freePorts(1);
    await using world = await AcmeServerWorld.start({
      settings: { responder: { http01: { host: '127.0.0.1', port: httpPort } } },
      clock: { ...systemClock, now: () => Date.now() + offset },
    });
    const names = world.with(await startChallengeServer());
    const retryAfter = { authz: 1, order: 1 };
    const pebble = world.with(
      await startPebble({ dnsServer: names.dns, httpPort, noSleep: true, retryAfter }),
    );
    await world.issuer('acme', pebble);
    await world.certificate('web', 'acme', { dnsNames: ['a.example.test', 'b.example.test'] });
    const [leaf] = await world.chain('web');
    assert.deepEqual(leaf?.subjectAltNames.dnsNames.toSorted(), ['a.example.test', 'b.example.test']);
    await world.until('a window of the CA is known', 60, async () => {
      const { status } = await world.read('web');
      return status?.acme?.ari?.suggestedWindow !== undefined;
    });
    const asked = world.trips.length;
    await wait(3000);
    const certificate = await world.read('web');
    assert.ok(isReady(certificate));
    assert.equal(certificate.status?.revision, 1);
    // It is planned for some day in the middle of its life, whichever clock is right.
    const renewal = Date.parse(certificate.status?.renewalTime ?? '');
    assert.ok(renewal > leaf.notBefore.getTime() && renewal < leaf.notAfter.getTime());
    assert.equal((await world.orders('web')).length, 1);
    assert.equal(world.trips.length, asked, 'the CA is left alone');
    assert.deepEqual(world.problems, []);
  });
