import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSpec } from '../../api/certificate.ts';
import { expectedRenewal, type Opening } from '../testing/expected-renewal.ts';
import { SimulatedWorld } from '../testing/simulated-world.ts';

const second = 1000;
const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-01-01T00:00:00Z');

interface Member {
  name: string;
  spec: Partial<CertificateSpec>;
  opening?: Opening;
  durable?: boolean;
}

const nightly = { policy: 'RenewBefore', windows: [{ cron: '0 2 * * *', windowDuration: '3h' }] } as const;
const sunday = { policy: 'RenewBefore', windows: [{ cron: '30 4 * * 0', windowDuration: '1h' }] } as const;
const members: Member[] = [
  { name: 'hourly', spec: { duration: '1h' } },
  { name: 'daily', spec: { duration: '24h', renewBefore: '5h' } },
  { name: 'percent', spec: { duration: '100h', renewBeforePercentage: 25 } },
  { name: 'week', spec: { duration: '168h' }, durable: true },
  { name: 'quarter', spec: {} },
  { name: 'people', spec: { duration: '2160h', renewBefore: '360h' } },
  { name: 'too-early', spec: { duration: '48h', renewBefore: '50h' } },
  {
    name: 'night',
    spec: { duration: '720h', renewal: { ...nightly, windows: [...nightly.windows] } },
    opening: {
      opens: (time) => time.getUTCHours() === 2 && time.getUTCMinutes() === 0,
      windowMs: 3 * hour,
    },
  },
  {
    name: 'sunday',
    spec: { duration: '504h', renewal: { ...sunday, windows: [...sunday.windows] } },
    opening: {
      opens: (time) => time.getUTCDay() === 0 && time.getUTCHours() === 4 && time.getUTCMinutes() === 30,
      windowMs: hour,
    },
    durable: true,
  },
  { name: 'never', spec: { duration: '720h', renewal: { policy: 'Disabled' } } },
  { name: 'year', spec: { duration: '8760h' } },
  { name: 'decade', spec: { duration: '87600h' } },
];

/** A small generator, so that a failure can be had again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function checkKey(world: SimulatedWorld): void {
  const { secret } = world;
  if (secret?.privateKey?.ok !== true || secret.certificate?.ok !== true)
    assert.fail('the Secret lost its key or certificate');
  assert.equal(secret.privateKey.value.publicKeyHash, secret.certificate.value.publicKeyHash);
}

for (const member of members) {
  test(`400 days of "${member.name}": every renewal at its time, none without cause`, () => {
    const world = new SimulatedWorld(member.name, member.spec, member.durable === true ? 'durable' : 'fast');
    const random = generator(member.name.length * 7919);
    let now = start + 123;
    let due: number | undefined = now;
    while (now < start + 400 * day) {
      const count = world.issued.length;
      const next = world.run(now);
      checkKey(world);
      if (count > 0 && world.issued.length > count) {
        assert.equal(world.issued.length, count + 1, 'one renewal at a time');
        assert.equal(world.issued.at(-1)!.reason, 'Renewing');
        assert.equal(now, due, 'renewed at the second that the formula names');
      }
      const { notBefore, notAfter } = world.issued.at(-1)!;
      due = expectedRenewal(notBefore, notAfter, member.spec, member.opening);
      const said = world.certificate.status?.renewalTime;
      assert.equal(said === undefined ? undefined : Date.parse(said), due);
      // Something unrelated makes us look early, at any moment: nothing may come of it.
      const early = now + Math.floor(random() * ((next ?? start + 400 * day) - now));
      if (early < (next ?? Infinity)) {
        const before = world.issued.length;
        world.run(early);
        assert.equal(world.issued.length, before, 'looking early issues nothing');
      }
      now = next ?? start + 400 * day;
    }
  });
}

test('failures back off by the schedule, crashes lose no key, jumps of the clock cause no needless issue', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = generator(seed);
    const world = new SimulatedWorld('rough', { duration: '168h' }, seed % 2 === 0 ? 'durable' : 'fast');
    let now = start;
    let last = now;
    while (now < start + 400 * day) {
      if (random() < 0.3)
        world.outcomes = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
          random() < 0.5 && seed % 2 === 1 ? 'crash' : 'fail',
        );
      const [issued, failed] = [world.issued.length, world.failures.length];
      const attempts = world.certificate.status?.failedIssuanceAttempts ?? 0;
      const lastFailure = world.failures.at(-1);
      const next = world.run(now);
      if (world.secret !== undefined) checkKey(world);
      const tried = world.issued.length > issued || world.failures.length > failed;
      if (tried && attempts > 0 && lastFailure !== undefined && now >= lastFailure) {
        const failedAt = Math.floor(lastFailure / second) * second;
        // A certificate that runs out: a quarter of what is left at most.
        const rest = (world.issued.at(-1 - (world.issued.length - issued))?.notAfter ?? 0) - failedAt;
        const soonest = rest > 0 ? Math.max(hour, rest / 4) : Infinity;
        const pause = Math.min(hour * 2 ** (attempts - 1), 32 * hour, soonest);
        assert.ok(
          now - failedAt >= pause,
          `attempt ${attempts + 1} came ${now - lastFailure} ms after the failure, not ${pause}`,
        );
      }
      if (world.issued.length > issued) {
        assert.equal(world.issued.length, issued + 1);
        const before = world.issued.at(-2);
        if (before !== undefined)
          assert.ok(
            now >= before.notBefore + (2 / 3) * 168 * hour - second,
            'not before two thirds of the lifetime',
          );
        assert.deepEqual(world.requests.length, 1, 'old requests are gone');
        assert.equal(world.nextKeys.length, 0, 'no stored key is left over');
        assert.equal(world.certificate.status?.revision, world.issued.length);
      }
      last = now;
      now = Math.max(now + second, next ?? now + day);
      // An administrator or NTP steps the clock, back or forth.
      if (random() < 0.05) now = Math.max(start, last + Math.floor((random() - 0.5) * 4 * day));
    }
    assert.ok(world.issued.length > 40, `seed ${seed}: ${world.issued.length} issued`);
  }
});
