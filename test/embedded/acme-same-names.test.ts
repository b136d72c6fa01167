/** Two Certificates for the same names at a CA that has one order for both, as Let's Encrypt does: it can serve one key only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { AcmeWorld } from './acme-world.ts';

test('one gets the order, the other places its own, and both get a certificate for their key', async (t) => {
  const acme = await AcmeWorld.start(t);
  const { world, ca } = acme;
  ca.reusesOrders = true;
  await acme.issuer();
  await acme.certificate('one', ['www.example.test']);
  await acme.certificate('two', ['www.example.test']);
  const urls = (await acme.orders()).map(({ status }) => status?.url);
  assert.deepEqual(urls, [urls[0], urls[0]], 'one order for both');
  // From now on the CA knows the name.
  ca.validNames.add('www.example.test');
  await acme.prove('www.example.test');
  await world.clock.advance(10 * 60_000);
  const serials = new Set<string>();
  for (const name of ['one', 'two']) {
    assert.equal((await world.condition(name, 'Ready'))?.status, 'True', name);
    const pem = Buffer.from((await world.secret(name))?.data?.['tls.crt'] ?? '', 'base64');
    serials.add(parseCertificates(pem)[0]?.serialHex ?? '');
  }
  assert.equal(serials.size, 2);
  assert.equal(ca.orders.length, 2);
  assert.ok(ca.count('newOrder') <= 3, `${ca.count('newOrder')} new orders`);
  assert.deepEqual(world.problems, []);
});
