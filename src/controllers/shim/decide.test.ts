/** The rows of shims-webhook-cainjector spec §23 that are about shims, and what §2, §5, §6 and §9 say beside them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimListenerSet, type ShimObject } from './shim-object.ts';
import { gateway, httpsListener, ingress, issuerAnnotation, SmallWorld } from './sample-objects.ts';

const at = (key: string): string => `cert-manager.io/${key}`;
const tls = [{ hosts: ['web.example'], secretName: 'web-tls' }];

/** What was made, changed and deleted, and whether somebody was warned. */
function summary(world: SmallWorld, it: ShimObject, gatewayOfSet?: ShimObject): unknown[] {
  const decision = world.act(it, gatewayOfSet);
  return [
    decision.create.map(({ name }) => name),
    decision.change.map(({ wanted: { name } }) => name),
    decision.remove.map(({ metadata }) => metadata?.name),
    decision.warnings.length,
  ];
}
const nothing = [[], [], [], 0];

test('the Certificate of an entry', () => {
  const world = new SmallWorld();
  world.options = { ...world.options, extraCertificateAnnotations: ['team', 'absent'] };
  const labels = { app: 'web', 'applyset.kubernetes.io/part-of': 'x' };
  const annotations = { ...issuerAnnotation, team: 'a', other: 'b', [at('duration')]: '720h' };
  world.act(
    ingress([{ hosts: ['web.example', '10.1.2.3'], secretName: 'web-tls' }], annotations, { labels }),
  );
  assert.deepEqual(world.certificates.get('web-tls'), {
    metadata: {
      name: 'web-tls',
      namespace: 'shop',
      uid: 'uid-of-web-tls',
      labels: { app: 'web' },
      annotations: { team: 'a' },
      ownerReferences: [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          name: 'web',
          uid: 'uid-web',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      secretName: 'web-tls',
      dnsNames: ['web.example'],
      ipAddresses: ['10.1.2.3'],
      duration: '720h0m0s',
      issuerRef: { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' },
      usages: ['digital signature', 'key encipherment'],
    },
  });
});

test('who asks: annotations of an issuer, even empty, and on Ingresses true automatic ones', () => {
  const auto = (value: string): Record<string, string> => ({ 'kubernetes.io/tls-acme': value });
  const world = new SmallWorld();
  world.options = { ...world.options, defaultIssuer: { name: 'd', kind: 'ClusterIssuer', group: 'g' } };
  for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True'])
    assert.equal(world.decide(ingress(tls, auto(value))).create.length, 1, value);
  for (const annotations of [{}, auto('yes'), auto(''), auto('false')])
    assert.deepEqual(summary(world, ingress(tls, annotations)), nothing);
  assert.deepEqual(summary(world, gateway([httpsListener('a.example', 'a')], auto('true'))), nothing);
  assert.deepEqual(world.decide(ingress(tls, auto('true'))).create[0]?.spec.issuerRef, {
    name: 'd',
    kind: 'ClusterIssuer',
    group: 'g',
  });
  assert.equal(world.decide(ingress(tls, { [at('cluster-issuer')]: '' })).warnings.length, 1);
});

test('which issuer', () => {
  const world = new SmallWorld();
  world.options = { ...world.options, defaultIssuer: { name: 'd', kind: 'K', group: 'g' } };
  const of = (annotations: Record<string, string>): unknown => {
    const { create, warnings } = world.decide(ingress(tls, annotations));
    return warnings[0] ?? Object.values(create[0]?.spec.issuerRef ?? {}).join(' ');
  };
  assert.equal(of({ [at('issuer')]: 'a' }), 'a Issuer g');
  assert.equal(of({ [at('cluster-issuer')]: 'a' }), 'a ClusterIssuer g');
  assert.equal(
    of({ [at('issuer')]: 'a', [at('issuer-kind')]: 'X', [at('issuer-group')]: 'x.io' }),
    'a X x.io',
  );
  assert.equal(of({ 'kubernetes.io/tls-acme': 'true', [at('issuer-kind')]: 'X' }), 'd X g');
  for (const other of ['issuer', 'issuer-kind', 'issuer-group'])
    assert.match(String(of({ [at('cluster-issuer')]: 'a', [at(other)]: 'b' })), /both .* may not be set/u);
});

test('tls-acme without a default issuer is told, and makes nothing', () => {
  const { create, warnings } = new SmallWorld().decide(ingress(tls, { 'kubernetes.io/tls-acme': 'true' }));
  assert.equal(create.length, 0);
  assert.match(
    warnings[0]!,
    /^Could not determine issuer for ingress due to bad annotations: no issuer is named/u,
  );
});

test('two TLS entries with one Secret are told, and make nothing', () => {
  const twice = [...tls, { hosts: ['b.example'], secretName: 'web-tls' }];
  assert.deepEqual(summary(new SmallWorld(), ingress(twice)), [[], [], [], 1]);
});

test('a valid entry beside one without hosts makes its Certificate', () => {
  assert.deepEqual(summary(new SmallWorld(), ingress([...tls, { secretName: 'x' }])), [
    ['web-tls'],
    [],
    [],
    1,
  ]);
});

test('a Certificate of that name that is somebody else’s is left alone without a word', () => {
  for (const ownerReferences of [
    undefined,
    [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'other', controller: true }],
    [{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web', uid: 'uid-web' }],
  ]) {
    const world = new SmallWorld();
    const spec = { secretName: 'web-tls', issuerRef: { name: 'x' } };
    world.certificates.set('web-tls', {
      metadata: { name: 'web-tls', namespace: 'shop', ownerReferences },
      spec,
    });
    assert.deepEqual(summary(world, ingress(tls)), nothing);
    assert.deepEqual(world.decide(ingress(tls)).taken, ['web-tls']);
  }
});

for (const [annotation, before, after] of [
  ['issuer-group', 'a.io', 'b.io'],
  ['usages', 'server auth', 'client auth'],
  ['subject-organizations', 'A', 'B'],
  ['ip-sans', '10.0.0.1', '10.0.0.2'],
  ['email-sans', 'a@example.com', 'b@example.com'],
  ['renew-before-percentage', '20', '30'],
  ['secret-template', '{"labels":{"a":"1"}}', '{"labels":{"b":"1"}}'],
] as const) {
  test(`a change of ${annotation} alone reaches the Certificate, and so does its removal`, () => {
    const world = new SmallWorld();
    const annotated = (value: string): ShimObject =>
      ingress(tls, { ...issuerAnnotation, [at(annotation)]: value });
    world.act(annotated(before));
    assert.deepEqual(summary(world, annotated(after)), [[], ['web-tls'], [], 0]);
    const fresh = new SmallWorld();
    fresh.act(annotated(after));
    assert.deepEqual(world.certificates.get('web-tls'), fresh.certificates.get('web-tls'));
    assert.deepEqual(summary(world, ingress(tls)), [[], ['web-tls'], [], 0]);
    const plain = new SmallWorld();
    plain.act(ingress(tls));
    assert.deepEqual(world.certificates.get('web-tls'), plain.certificates.get('web-tls'));
  });
}

test('annotations that are handed over reach a Certificate that exists, and leave it', () => {
  const world = new SmallWorld();
  const acme = (key: string): string => `acme.cert-manager.io/${key}`;
  world.act(ingress(tls));
  const annotations = {
    ...issuerAnnotation,
    [acme('http01-edit-in-place')]: 'true',
    [acme('http01-ingress-class')]: 'nginx',
    [acme('http01-ingress-ingressclassname')]: 'other',
  };
  assert.deepEqual(summary(world, ingress(tls, annotations)), [[], ['web-tls'], [], 0]);
  assert.deepEqual(world.certificates.get('web-tls')?.metadata?.annotations, {
    [acme('http01-override-ingress-name')]: 'web',
    [at('issue-temporary-certificate')]: 'true',
    [acme('http01-override-ingress-class')]: 'nginx',
    [acme('http01-override-ingress-ingressclassname')]: 'other',
  });
  world.act(ingress(tls));
  assert.deepEqual(world.certificates.get('web-tls')?.metadata?.annotations, {});
});

test('what nobody asked for stays where others wrote it, and goes where it is left from ourselves', () => {
  const world = new SmallWorld();
  world.act(ingress(tls));
  const certificate = world.certificates.get('web-tls')!;
  certificate.spec.renewBefore = '240h';
  certificate.spec.keystores = { jks: { create: true } };
  certificate.metadata!.labels = { 'policy.example/checked': 'yes' };
  const { change } = world.decide(ingress(tls));
  assert.deepEqual(change[0]?.difference.wrong, []);
  assert.deepEqual(
    change[0]?.difference.doubts.map(({ path }) => path.join('.')),
    ['spec.renewBefore', 'metadata.labels.policy.example/checked'],
  );
  world.act(ingress(tls), undefined, false);
  assert.equal(world.certificates.get('web-tls')?.spec.renewBefore, '240h');
  world.act(ingress(tls, { ...issuerAnnotation, [at('renew-before')]: '300h' }), undefined, false);
  assert.equal(world.certificates.get('web-tls')?.spec.renewBefore, '300h0m0s');
  assert.deepEqual(world.certificates.get('web-tls')?.spec.keystores, { jks: { create: true } });
});

test('a TLS entry that goes takes its Certificate along', () => {
  const world = new SmallWorld();
  world.act(ingress([...tls, { hosts: ['b.example'], secretName: 'b-tls' }]));
  assert.deepEqual(summary(world, ingress(tls)), [[], [], ['b-tls'], 0]);
});

test('without its annotation an object keeps its Certificates, and they are not looked at', () => {
  const world = new SmallWorld();
  world.act(ingress(tls));
  assert.deepEqual(summary(world, ingress([], {})), nothing);
  assert.ok(world.certificates.has('web-tls'));
});

test('an object that is being deleted is left to garbage collection', () => {
  for (const metadata of [
    { deletionTimestamp: '2026-01-01T00:00:00Z' },
    { finalizers: ['foregroundDeletion'] },
  ])
    assert.deepEqual(summary(new SmallWorld(), ingress(tls, issuerAnnotation, metadata)), nothing);
});

test('an invalid annotation stops everything and is told by name', () => {
  const world = new SmallWorld();
  world.act(ingress([...tls, { hosts: ['b.example'], secretName: 'b-tls' }]));
  const { warnings, ...decision } = world.decide(
    ingress(tls, { ...issuerAnnotation, [at('duration')]: 'soon' }),
  );
  assert.match(warnings[0]!, /invalid annotation "cert-manager.io\/duration": "soon" is no Go duration/u);
  assert.equal(decision.create.length + decision.change.length + decision.remove.length, 0);
});

test('listeners of a Gateway: those without TLS are ignored, one without a host is told of, two share a Certificate', () => {
  const world = new SmallWorld();
  const listeners = [
    httpsListener('x.example', 'x', { protocol: 'HTTP', tls: undefined }),
    httpsListener('', 'y'),
    httpsListener('b.example', 'shared'),
    httpsListener('a.example', 'shared'),
  ];
  assert.deepEqual(summary(world, gateway(listeners)), [['shared'], [], [], 1]);
  const certificate = world.certificates.get('shared');
  assert.deepEqual(certificate?.spec.dnsNames, ['b.example', 'a.example']);
  assert.equal(certificate?.metadata?.ownerReferences?.[0]?.apiVersion, 'gateway.networking.k8s.io/v1');
  assert.deepEqual(certificate?.metadata?.annotations, {
    'acme.cert-manager.io/http01-parentrefkind': 'Gateway',
    'acme.cert-manager.io/http01-parentrefname': 'edge',
  });
});

test('a listener that became invalid keeps the Certificate that it has', () => {
  const world = new SmallWorld();
  world.act(gateway([httpsListener('a.example', 'a')]));
  assert.deepEqual(summary(world, gateway([httpsListener('', 'a')])), [[], [], [], 1]);
});

function listenerSet(annotations: Record<string, string>, parentRef: object = { name: 'edge' }): ShimObject {
  return trimListenerSet('ListenerSet')({
    metadata: { name: 'team', namespace: 'shop', uid: 'uid-team', resourceVersion: '1', annotations },
    spec: { parentRef, listeners: [httpsListener('a.example', 'a')] },
  } as object);
}

test('a listener set takes the issuer of its Gateway, and kind and group always', () => {
  const issuerOf = (own: Record<string, string>, parents: Record<string, string>): string => {
    const { create } = new SmallWorld().decide(listenerSet(own), gateway([], parents));
    return Object.values(create[0]?.spec.issuerRef ?? {}).join(' ');
  };
  assert.equal(issuerOf({}, { [at('issuer')]: 'g' }), 'g Issuer cert-manager.io');
  assert.equal(issuerOf({}, { [at('cluster-issuer')]: 'g' }), 'g ClusterIssuer cert-manager.io');
  assert.equal(
    issuerOf({ [at('issuer')]: 's' }, { [at('cluster-issuer')]: 'g' }),
    's Issuer cert-manager.io',
  );
  assert.equal(
    issuerOf(
      { [at('issuer')]: 's', [at('issuer-kind')]: 'Own' },
      { [at('issuer-kind')]: 'Parents', [at('issuer-group')]: 'p.io' },
    ),
    's Parents p.io',
  );
  assert.equal(issuerOf({}, {}), '');
});

test('a listener set without its Gateway waits, and one of another parent is nobody’s', () => {
  const world = new SmallWorld();
  assert.deepEqual(summary(world, listenerSet(issuerAnnotation)), nothing);
  const leaving = gateway([], {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.deepEqual(summary(world, listenerSet(issuerAnnotation), leaving), nothing);
  for (const parentRef of [{}, { name: 'edge', kind: 'Mesh' }, { name: 'edge', group: 'x.io' }])
    assert.equal(listenerSet(issuerAnnotation, parentRef).parent, undefined);
});

test('where solvers of a listener set attach: to it, or to its Gateway where that is asked for', () => {
  const parentOf = (own: Record<string, string>): unknown =>
    new SmallWorld()
      .decide(listenerSet({ ...issuerAnnotation, ...own }, { name: 'edge', namespace: 'infra' }), gateway([]))
      .create.map(({ annotations }) => [...annotations.values()]);
  assert.deepEqual(parentOf({}), [['ListenerSet', 'team']]);
  assert.deepEqual(parentOf({ 'acme.cert-manager.io/http01-parentreffallback': 'true' }), [
    ['Gateway', 'edge', 'infra'],
  ]);
});

test('warnings about hundreds of entries are a dozen', () => {
  const many = Array.from({ length: 500 }, (_, i) => ({ secretName: `s${i}` }));
  const { warnings } = new SmallWorld().decide(ingress(many));
  assert.equal(warnings.length, 11);
  assert.match(warnings[10]!, /Skipped 490 more/u);
});
