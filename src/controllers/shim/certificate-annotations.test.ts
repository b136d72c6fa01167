import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { certificateAnnotations, handedOver, isTrue } from './certificate-annotations.ts';
import { gateway, ingress } from './sample-objects.ts';
import { trimListenerSet, type ShimObject } from './shim-object.ts';

type Texts = Readonly<Record<string, string>>;

const acme = 'acme.cert-manager.io/';
function of(object: ShimObject, extraCertificateAnnotations: readonly string[] = []): Texts {
  return Object.fromEntries(certificateAnnotations(object, { extraCertificateAnnotations }));
}

function listenerSet(annotations: Texts): ShimObject {
  return trimListenerSet('ListenerSet')({
    metadata: { name: 'more', namespace: 'shop', annotations },
    spec: { parentRef: { name: 'edge', namespace: 'infra' } },
  } as KubeObject);
}

const rows: [title: string, given: Texts, handed: Texts][] = [
  ['nothing', { 'cert-manager.io/issuer': 'ca', 'example.com/a': 'b' }, {}],
  [
    'edit in place',
    { [`${acme}http01-edit-in-place`]: 'true' },
    { [`${acme}http01-override-ingress-name`]: 'web', 'cert-manager.io/issue-temporary-certificate': 'true' },
  ],
  ['edit in place in other words', { [`${acme}http01-edit-in-place`]: 'True' }, {}],
  ['no edit in place', { [`${acme}http01-edit-in-place`]: 'false' }, {}],
  [
    'classes',
    { [`${acme}http01-ingress-class`]: 'a', [`${acme}http01-ingress-ingressclassname`]: 'b' },
    {
      [`${acme}http01-override-ingress-class`]: 'a',
      [`${acme}http01-override-ingress-ingressclassname`]: 'b',
    },
  ],
  [
    'empty classes',
    { [`${acme}http01-ingress-class`]: '', [`${acme}http01-ingress-ingressclassname`]: '' },
    {},
  ],
  [
    'what only we may set',
    { [`${acme}http01-override-ingress-name`]: 'other', [`${acme}http01-parentrefname`]: 'x' },
    {},
  ],
];
for (const [title, given, handed] of rows)
  test(`an Ingress hands over: ${title}`, () => {
    const found = of(ingress([], given));
    assert.deepEqual(found, handed);
    for (const key of Object.keys(found)) assert.ok(handedOver.includes(key), key);
  });

test('a Gateway says where solvers attach their routes, a listener set its own place or its Gateway', () => {
  const parent = (kind: string, name: string): Texts => ({
    [`${acme}http01-parentrefkind`]: kind,
    [`${acme}http01-parentrefname`]: name,
  });
  assert.deepEqual(of(gateway([])), parent('Gateway', 'edge'));
  assert.deepEqual(of(listenerSet({})), parent('ListenerSet', 'more'));
  assert.deepEqual(
    of(listenerSet({ [`${acme}http01-parentreffallback`]: 'no' })),
    parent('ListenerSet', 'more'),
  );
  assert.deepEqual(of(listenerSet({ [`${acme}http01-parentreffallback`]: '1' })), {
    ...parent('Gateway', 'edge'),
    [`${acme}http01-parentrefnamespace`]: 'infra',
  });
});

test('annotations that the flag names are taken by their whole key, and never instead of ours', () => {
  const keys = ['example.com/a', `${acme}http01-parentrefname`];
  const given = { 'example.com/a': '1', 'example.com/ab': '2', [`${acme}http01-parentrefname`]: 'forged' };
  const found = of(gateway([], given), keys);
  assert.equal(found['example.com/a'], '1');
  assert.equal(found['example.com/ab'], undefined);
  assert.equal(found[`${acme}http01-parentrefname`], 'edge');
});

test('true is what Go takes for it', () => {
  for (const yes of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(isTrue(yes), true);
  for (const no of [undefined, '', 'yes', 'tRUE', ' true', 'on']) assert.equal(isTrue(no), false);
});
