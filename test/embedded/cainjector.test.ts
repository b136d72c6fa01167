/** CA injection as spec/shims-webhook-cainjector.md §20-§23 has it: sources, targets, rotation, refusals, ownership. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowDirectInjection,
  certificateName,
  injectApiserverCa,
  injectCaFrom,
  injectCaFromSecret,
} from '../../src/api/annotations.ts';
import {
  apiServices,
  certificates,
  mutatingWebhookConfigurations as mutating,
  secrets,
  validatingWebhookConfigurations as validating,
} from '../../src/api/resources.ts';
import { base64, ca, InjectionWorld, kinds, namespace } from './injection-world.ts';

const direct = { [allowDirectInjection]: 'true' };
const fromSecret = { [injectCaFromSecret]: `${namespace}/ca` };
const fromCertificate = { [injectCaFrom]: `${namespace}/web` };

test('each kind takes the CA of a Secret that allows it, and the CA of a Certificate, and the rotated one beside it', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  for (const [type, nameOf] of kinds) {
    await world.target(type, nameOf('va'), fromSecret);
    await world.target(type, nameOf('vb'), fromCertificate);
  }
  await world.inject();
  for (const [type, nameOf] of kinds) await world.holds(type, nameOf('va'), 'direct');
  // Everything of the second source comes later.
  await world.certificate('web', 'web-tls');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'web' });
  for (const [type, nameOf] of kinds) await world.holds(type, nameOf('vb'), 'issued');
  await world.secret('web-tls', await ca('rotated'), { [certificateName]: 'web' });
  for (const [type, nameOf] of kinds) await world.holds(type, nameOf('vb'), 'issued rotated');
  for (const [type, nameOf] of kinds)
    assert.deepEqual([...new Set(await world.bundles(type, nameOf('va')))], ['direct']);
});

test('what was written by others stays theirs, and ours is the bundle alone', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('fresh'), direct);
  for (const [type, nameOf] of kinds) await world.target(type, nameOf('vc'), fromSecret, await ca('old'));
  await world.inject();
  const paths = ['f:webhooks', 'f:webhooks', 'f:spec', 'f:spec'];
  for (const [index, [type, nameOf]] of kinds.entries()) {
    await world.holds(type, nameOf('vc'), 'old fresh');
    const owners = await world.owners(type, nameOf('vc'));
    const ours = owners.filter(({ manager }) => manager === 'cert-manager-cainjector');
    assert.deepEqual(
      ours.map(({ operation }) => operation),
      ['Apply'],
      type.kind,
    );
    const fields = ours[0]?.fieldsV1 ?? {};
    assert.deepEqual(Object.keys(fields), [paths[index]], type.kind);
    const leaves = JSON.stringify(fields).match(/"f:\w+":\{\}/gu);
    assert.deepEqual(
      [...new Set(leaves)].filter((leaf) => leaf !== '"f:name":{}'),
      ['"f:caBundle":{}'],
      type.kind,
    );
    assert.ok(owners.some(({ manager, operation }) => manager === 'test' && operation === 'Update'));
  }
});

test('the ownership of an injector from before server-side apply becomes that of one with it', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('fresh'), direct);
  const injector = 'cert-manager-cainjector';
  // As it wrote bundles then; and everything, which it never did, but which nobody must lose.
  await world.target(mutating, 'injected-legacy', fromSecret);
  const { webhooks } = (await world.get(mutating, 'injected-legacy')) as {
    webhooks?: { clientConfig: object }[];
  };
  const caBundle = base64(await ca('old'));
  const written = webhooks?.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle } }));
  await world.client.patch(
    mutating,
    { name: 'injected-legacy' },
    'merge',
    { webhooks: written },
    { fieldManager: injector },
  );
  await world.target(mutating, 'injected-alone', fromSecret, await ca('old'), injector);
  const ways = async (name: string): Promise<string[]> =>
    (await world.owners(mutating, name))
      .filter(({ manager }) => manager === injector)
      .map(({ operation }) => String(operation))
      .toSorted((a, b) => a.localeCompare(b));
  assert.deepEqual(await ways('injected-legacy'), ['Update']);
  await world.inject();
  await world.holds(mutating, 'injected-legacy', 'old fresh');
  await world.holds(mutating, 'injected-alone', 'old fresh');
  assert.deepEqual(await ways('injected-legacy'), ['Apply']);
  assert.deepEqual(await ways('injected-alone'), ['Apply', 'Update']);
  const kept = (await world.get(mutating, 'injected-alone')) as { webhooks?: { sideEffects: string }[] };
  assert.deepEqual(
    kept.webhooks?.map(({ sideEffects }) => sideEffects),
    ['None', 'None'],
  );
});

test('with several annotations the first in order counts, even when it cannot be used', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  await world.certificate('web', 'web-tls');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'web' });
  const api = { [injectApiserverCa]: 'true' };
  await world.target(validating, 'injected-all', { ...api, ...fromCertificate, ...fromSecret });
  await world.target(validating, 'injected-two', { ...api, ...fromCertificate });
  await world.target(validating, 'injected-odd', { ...fromCertificate, [injectCaFromSecret]: 'nowhere' });
  await world.target(validating, 'injected-api', api);
  const serverCa = await ca('server');
  await world.inject({}, { serverCa: () => Promise.resolve(serverCa) });
  await world.holds(validating, 'injected-all', 'direct');
  await world.holds(validating, 'injected-two', 'issued');
  await world.holds(validating, 'injected-api', 'server');
  await world.told(/inject-ca-from-secret: "nowhere" is not <namespace>\/<name>/u);
  assert.deepEqual(await world.bundles(validating, 'injected-odd'), ['', '']);
});

test('a Secret that does not allow it, or belongs to another Certificate, or has no CA, changes nothing until it does', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), { [allowDirectInjection]: 'yes' });
  await world.certificate('web', 'web-tls');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'other' });
  const before = await ca('before');
  await world.target(mutating, 'injected-refused', fromSecret, before);
  await world.target(apiServices, 'v1.injected.example.test', fromCertificate, before);
  await world.inject();
  await world.told(/Secret shop\/ca does not allow it/u);
  await world.told(/Secret shop\/web-tls belongs to Certificate "other"/u);
  await world.holds(mutating, 'injected-refused', 'before');
  await world.holds(apiServices, 'v1.injected.example.test', 'before');
  await world.secret('ca', undefined, direct);
  await world.told(/Secret shop\/ca has no ca\.crt/u);
  await world.secret('ca', await ca('direct'), direct);
  await world.holds(mutating, 'injected-refused', 'before direct');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'web' });
  await world.holds(apiServices, 'v1.injected.example.test', 'before issued');
});

test('expired certificates go, and what cannot be read gives way', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('fresh'), direct);
  await world.target(mutating, 'injected-expired', fromSecret, (await ca('expired', 20)) + (await ca('old')));
  await world.target(mutating, 'injected-odd', fromSecret, '\n');
  await world.inject();
  await world.holds(mutating, 'injected-expired', 'old fresh');
  await world.holds(mutating, 'injected-odd', 'fresh');
});

test('what is no CA is not injected: garbage, an expired certificate, a private key', async (t) => {
  const world = await InjectionWorld.open(t);
  const before = await ca('before');
  await world.target(mutating, 'injected-kept', fromSecret, before);
  await world.inject();
  const key = '-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n';
  for (const [pem, why] of [
    ['garbage', /not PEM with certificates only/u],
    [(await ca('direct')) + key, /not PEM with certificates only/u],
    [await ca('expired', 20), /has expired/u],
  ] as const) {
    world.said.length = 0;
    await world.secret('ca', pem, direct);
    await world.told(why);
    await world.holds(mutating, 'injected-kept', 'before');
  }
});

test('a source that is gone leaves the bundle as it is', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  await world.certificate('web', 'web-tls');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'web' });
  await world.target(mutating, 'injected-a', fromSecret);
  await world.target(mutating, 'injected-b', fromCertificate);
  await world.inject();
  await world.holds(mutating, 'injected-a', 'direct');
  await world.holds(mutating, 'injected-b', 'issued');
  await world.client.delete(secrets, { namespace, name: 'ca' });
  await world.client.delete(certificates, { namespace, name: 'web' });
  await world.told(/Secret shop\/ca not found/u);
  await world.told(/Certificate shop\/web not found/u);
  await world.holds(mutating, 'injected-a', 'direct');
  await world.holds(mutating, 'injected-b', 'issued');
});

test('scope: namespaces that are not served, sources and kinds that are switched off', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  await world.secret('ca', await ca('elsewhere'), direct, 'other');
  await world.certificate('web', 'web-tls');
  await world.secret('web-tls', await ca('issued'), { [certificateName]: 'web' });
  await world.target(mutating, 'injected-other', { [injectCaFromSecret]: 'other/ca' });
  await world.target(mutating, 'injected-certificate', fromCertificate);
  await world.target(validating, 'injected-off', fromSecret);
  await world.target(mutating, 'injected-on', fromSecret);
  await world.inject({ namespace, certificates: false, validatingWebhookConfigurations: false });
  await world.holds(mutating, 'injected-on', 'direct');
  await world.told(/namespace other is not served/u);
  await world.told(/Certificates are no sources here/u);
  assert.deepEqual(await world.bundles(mutating, 'injected-other'), ['', '']);
  assert.deepEqual(await world.bundles(mutating, 'injected-certificate'), ['', '']);
  assert.deepEqual(await world.bundles(validating, 'injected-off'), ['', '']);
});

test('namespaces on the deny list are no sources', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  await world.secret('ca', await ca('elsewhere'), direct, 'other');
  await world.target(mutating, 'injected-denied', fromSecret);
  await world.target(mutating, 'injected-open', { [injectCaFromSecret]: 'other/ca' });
  await world.inject({ ignoreNamespaces: [namespace] });
  await world.holds(mutating, 'injected-open', 'elsewhere');
  await world.told(/namespace shop is not served/u);
  assert.deepEqual(await world.bundles(mutating, 'injected-denied'), ['', '']);
});
