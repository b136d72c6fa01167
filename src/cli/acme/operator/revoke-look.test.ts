/** A revoked certificate is looked at at once, whatever the next look was to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient } from '../../../acme/acme-client.ts';
import { certificates } from '../../../api/resources.ts';
import type { Certificate } from '../../../api/certificate.ts';
import { acmeFleetStarter, type TestCa } from '../../../controllers/testing/acme-fleet.ts';
import type { Fleet } from '../../../controllers/testing/fleet.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { ForbiddenError } from '../../../kube/errors.ts';
import type { Cluster } from './cluster.ts';
import { revoke, type RevokeOptions } from './revoke.ts';

const day = 86_400_000;
const start = acmeFleetStarter();

interface Said {
  text: string;
  json: { controllerLooksNow?: boolean };
}

async function revoked(
  fleet: Fleet,
  ca: TestCa,
  options: { reason?: RevokeOptions['reason']; client?: Partial<KubeClient>; name?: string } = {},
): Promise<Said> {
  const account = {
    revoke: () => {
      const at = fleet.clock.now();
      ca.info = () =>
        (ca.issued.at(-1)?.at ?? 0) >= at
          ? { start: at + 30 * day, end: at + 31 * day }
          : { start: at - day, end: at - 1000 };
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const client = new Proxy(fleet.client, {
    get(target, name: string) {
      const own: unknown = Reflect.get(options.client ?? target, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  const cluster: Cluster = {
    client,
    clock: fleet.clock,
    random: () => 0.5,
    namespace: 'shop',
    clusterResourceNamespace: 'kube-system',
    open: () => account as unknown as AcmeClient,
    signal: new AbortController().signal,
  };
  const { reason = 'superseded', name = 'web' } = options;
  let text = '';
  assert.equal(await revoke(cluster, name, { reason, format: 'text' }, (said) => (text += said)), 0);
  let json = '';
  await revoke(cluster, name, { reason, format: 'json' }, (said) => (json += said));
  await fleet.settle();
  return { text, json: JSON.parse(json) as Said['json'] };
}

async function issued(more: Partial<Certificate['spec']> = {}, ari = true, name = 'web') {
  const { fleet, world } = await start();
  const ca = await world.issuer(fleet, 'le');
  if (ari) ca.info = () => ({ start: fleet.clock.now() + 30 * day, end: fleet.clock.now() + 31 * day });
  await fleet.certificate(name, { issuerRef: { name: 'le', kind: 'ClusterIssuer' }, ...more });
  await fleet.settle();
  await fleet.clock.advance(5 * day);
  assert.equal(ca.issued.length, 1);
  return { fleet, ca };
}

test('the CA is asked, and the certificate replaced, while no time passes', async () => {
  const { fleet, ca } = await issued();
  const before = fleet.clock.now();
  const { text, json } = await revoked(fleet, ca);
  assert.equal(fleet.clock.now(), before);
  assert.equal(ca.issued.length, 2);
  assert.equal(json.controllerLooksNow, true);
  assert.match(
    text,
    /Next: +the controller asks the CA about it now.*kubectl delete secret web --namespace shop/u,
  );
  const { status } = await fleet.getCertificate('web');
  assert.ok(Date.parse(status?.acme?.ari?.nextCheck ?? '') > before, 'the next look is the usual one again');
});

test('a Certificate that is called by a domain name is no file', async () => {
  const name = 'www.example.com';
  const { fleet, ca } = await issued({}, true, name);
  await revoked(fleet, ca, { name });
  assert.equal(ca.issued.length, 2);
  await assert.rejects(
    revoked(fleet, ca, { name: 'old.pem' }),
    /no Certificate shop\/old\.pem .*\.\/old\.pem/u,
  );
  await assert.rejects(revoked(fleet, ca, { name: './old.pem' }), /name the issuer whose account issued/u);
});

test('whoever may not write the status is told when the controller looks by itself', async () => {
  const { fleet, ca } = await issued();
  const { status } = await fleet.client.get<Certificate>(certificates, { namespace: 'shop', name: 'web' });
  const patch = () => Promise.reject(new ForbiddenError('certificates/status: forbidden'));
  const { text, json } = await revoked(fleet, ca, { client: { patch } });
  assert.equal(ca.issued.length, 1);
  assert.equal(json.controllerLooksNow, false);
  assert.ok(
    text.includes(`(certificates/status: forbidden): it looks at ${status?.acme?.ari?.nextCheck}`),
    text,
  );
});

test('where nobody asks the CA, the answer does not promise that it is replaced', async () => {
  const { fleet, ca } = await issued({}, false);
  const { text } = await revoked(fleet, ca);
  assert.match(text, /not replaced by itself: kubectl delete secret web --namespace shop/u);
  assert.equal(ca.issued.length, 1);
});

test('a compromised key that the Certificate keeps is not asked a certificate for', async () => {
  const { fleet, ca } = await issued({ privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Never' } });
  const { text, json } = await revoked(fleet, ca, { reason: 'keyCompromise' });
  assert.match(text, /rotationPolicy is Never.*set it to Always/u);
  assert.equal(json.controllerLooksNow, undefined);
  assert.equal(ca.issued.length, 1);
});
