import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCa } from '../../testing/simulated-ca.ts';
import { SimulatedWorld } from '../../testing/simulated-world.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2027-01-01T00:00:00Z');
const end = start + 730 * day;

test('two years with outages longer than a certificate lives: the fallback stands in, and the first issuer comes back', () => {
  let stoodIn = 0;
  for (let shift = 0; shift < 6; shift++) {
    const world = new SimulatedWorld('web', { duration: '1080h', issuerRef: { name: 'main' } }, 'durable');
    const { metadata } = world.certificate;
    const annotations = { 'certwright.dev/fallback-issuers': 'Issuer/backup' };
    world.certificate = { ...world.certificate, metadata: { ...metadata, annotations } };
    const main = new SimulatedCa();
    const backup = new SimulatedCa();
    world.cas.set('main', main).set('backup', backup);
    const dead: { from: number; to: number }[] = [];
    for (let at = start + 60 * day + shift * 3 * day; at < end; at += 180 * day) {
      dead.push({ from: at, to: at + 60 * day });
      if (shift % 2 === 0) main.down(at, at + 60 * day);
      else main.limited(at, at + 60 * day);
    }
    let now = start;
    while (now < end) {
      const wake = world.run(now);
      const leaf = world.secret?.certificate;
      if (leaf?.ok === true)
        assert.ok(leaf.value.notAfter > now, `shift ${shift}: expired on day ${(now - start) / day}`);
      now = Math.max(Math.min(wake ?? end, world.waitsUntil ?? end), now + 1000);
    }
    assert.ok(world.issued.length >= 23 && world.issued.length <= 27, `${world.issued.length}`);
    for (const { at, by } of world.issued) {
      const out = dead.some(({ from, to }) => from <= at && at < to);
      if (by === 'backup') {
        stoodIn++;
        assert.ok(out, 'the fallback issues only while the first issuer cannot');
      } else assert.ok(!out);
    }
    assert.equal(world.issued.at(-1)?.reason, 'Renewing');
    for (let n = 1; n < world.issued.length; n++) {
      const { notBefore, notAfter, by } = world.issued[n - 1]!;
      const window = (by === 'backup' ? backup : main).window(notBefore, notAfter);
      assert.ok(world.issued[n]!.at >= window.start, 'whoever issued it says when it is renewed');
    }
  }
  assert.ok(stoodIn >= 6 * 3, `${stoodIn}`);
});
