import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway, httpsListener, ingress, issuerAnnotation } from './sample-objects.ts';
import { mostCertificates, wantedSecrets } from './wanted-secrets.ts';

const none = { extraProtocols: [] };

test('every TLS entry of an Ingress is a Secret, and what is wrong with one does not touch the others', () => {
  const { secrets, skipped, mentioned, fatal } = wantedSecrets(
    ingress([
      { hosts: ['a.example', 'b.example', 'a.example'], secretName: 'ab' },
      { secretName: 'no-hosts' },
      { hosts: ['c.example'] },
      { hosts: ['d.example'], secretName: 'Not_A_Name' },
    ]),
    none,
  );
  assert.equal(fatal, undefined);
  assert.deepEqual([...secrets], [['ab', ['a.example', 'b.example']]]);
  assert.equal(skipped.length, 3);
  assert.match(skipped[0]!, /^Skipped a TLS block: spec\.tls\[1\]\.hosts: Required value/u);
  assert.match(skipped[1]!, /^Skipped a TLS block: spec\.tls\[2\]\.secretName: Required value/u);
  assert.match(skipped[2]!, /spec\.tls\[3\]\.secretName: Invalid value: "Not_A_Name"/u);
  assert.ok(mentioned.has('no-hosts'));
});

test('a Secret in two TLS entries stops the whole Ingress, and so do two entries without one', () => {
  for (const secretName of ['twice', undefined]) {
    const { fatal, secrets } = wantedSecrets(
      ingress([
        { hosts: ['a.example'], secretName },
        { hosts: ['b.example'], secretName },
      ]),
      none,
    );
    assert.equal(
      fatal,
      `spec.tls[0].secretName: Invalid value: "${secretName ?? ''}": this secret name must only appear in a single TLS entry but is also used in spec.tls[1].secretName`,
    );
    assert.equal(secrets.size, 0);
  }
});

const skips: readonly [string, object][] = [
  ['another protocol', { protocol: 'HTTP' }],
  ['a protocol in other letters', { protocol: 'https' }],
  ['passthrough', { tls: { mode: 'Passthrough', certificateRefs: [{ name: 's' }] } }],
];
for (const [what, change] of skips)
  test(`a listener with ${what} is nobody's mistake`, () => {
    const { secrets, skipped } = wantedSecrets(gateway([httpsListener('a.example', 's', change)]), none);
    assert.equal(secrets.size + skipped.length, 0);
  });

const mistakes: readonly [string, object, RegExp][] = [
  ['no hostname', { hostname: undefined }, /spec\.listeners\[0\]\.hostname: Required value/u],
  [
    'no TLS block',
    { tls: undefined },
    /spec\.listeners\[0\]\.tls: Required value: the TLS block cannot be empty$/u,
  ],
  [
    'no Secret',
    { tls: { mode: 'Terminate' } },
    /certificateRefs: Required value: listener has no certificateRefs/u,
  ],
  [
    'a group',
    { tls: { mode: 'Terminate', certificateRefs: [{ name: 's', group: 'x' }] } },
    /certificateRefs\[0\]\.group: Unsupported value: "x"/u,
  ],
  [
    'a kind',
    { tls: { mode: 'Terminate', certificateRefs: [{ name: 's', kind: 'ConfigMap' }] } },
    /certificateRefs\[0\]\.kind: Unsupported value: "ConfigMap"/u,
  ],
  [
    'a Secret elsewhere',
    { tls: { mode: 'Terminate', certificateRefs: [{ name: 's', namespace: 'other' }] } },
    /namespace: Invalid value: "other": cross-namespace secret references are not allowed/u,
  ],
  ['no mode', { tls: { certificateRefs: [{ name: 's' }] } }, /tls\.mode: Required value/u],
  [
    'another mode',
    { tls: { mode: 'X', certificateRefs: [{ name: 's' }] } },
    /tls\.mode: Unsupported value: "X"/u,
  ],
  [
    'a name that is none',
    { tls: { mode: 'Terminate', certificateRefs: [{ name: 'a'.repeat(254) }] } },
    /certificateRefs\[0\]\.name: Invalid value: "a{64}\.\.\."/u,
  ],
];
for (const [what, change, expected] of mistakes)
  test(`a listener with ${what} is skipped and told of, and keeps the Certificate that it has`, () => {
    const { secrets, skipped, mentioned } = wantedSecrets(
      gateway([httpsListener('a.example', 's', change), httpsListener('b.example', 't')]),
      none,
    );
    assert.deepEqual([...secrets], [['t', ['b.example']]]);
    assert.equal(skipped.length, 1);
    assert.match(skipped[0]!, /^Skipped a listener: /u);
    assert.match(skipped[0]!, expected);
    assert.ok(mentioned.has('t'));
  });

test('groups and kinds that mean a Secret, and the namespace of the Gateway itself', () => {
  const refs = [{ name: 's', group: 'core', kind: '', namespace: 'shop' }, { name: 't' }];
  const { secrets } = wantedSecrets(
    gateway([httpsListener('a.example', 's', { tls: { mode: 'Terminate', certificateRefs: refs } })]),
    none,
  );
  assert.deepEqual([...secrets.keys()], ['s', 't']);
});

test('listeners that share a Secret share a Certificate: their hosts in order, each once', () => {
  const { secrets } = wantedSecrets(
    gateway([
      httpsListener('b.example', 's'),
      httpsListener('*.a.example', 's'),
      httpsListener('b.example', 's', { port: 8443 }),
      httpsListener('c.example', 't', { protocol: 'TLS' }),
    ]),
    none,
  );
  assert.deepEqual(
    [...secrets],
    [
      ['s', ['b.example', '*.a.example']],
      ['t', ['c.example']],
    ],
  );
});

test('listeners named in the annotation are left out, spaces aside; further protocols are let in', () => {
  const it = gateway(
    [
      httpsListener('a.example', 'a'),
      httpsListener('b.example', 'b'),
      httpsListener('c.example', 'c', { protocol: 'example.com/QUIC' }),
    ],
    { ...issuerAnnotation, 'cert-manager.io/ignore-tls-listeners': ' a.example , x' },
  );
  assert.deepEqual([...wantedSecrets(it, none).secrets.keys()], ['b']);
  const more = wantedSecrets(it, { extraProtocols: ['example.com/QUIC'] });
  assert.deepEqual([...more.secrets.keys()], ['b', 'c']);
  assert.ok(more.mentioned.has('a'));
});

test('an object gets a bounded number of Certificates, and hears that there is a limit', () => {
  const tls = Array.from({ length: 10_000 }, (_, i) => ({ hosts: [`h${i}.example`], secretName: `s${i}` }));
  const { secrets, skipped, mentioned } = wantedSecrets(ingress(tls), none);
  assert.equal(secrets.size, mostCertificates);
  assert.equal(skipped.length, 1);
  assert.match(skipped[0]!, /from spec\.tls\[1000\] on.*at most 1000 Certificates/u);
  assert.equal(mentioned.size, 10_000);
});

test('what does not have the shape that was promised counts as absent', () => {
  for (const tls of [undefined, null, 'x', 7, {}, [null, 1, 'x', [], { hosts: 'x', secretName: 5 }]])
    assert.equal(wantedSecrets(ingress(tls), none).secrets.size, 0);
  for (const listeners of [
    undefined,
    'x',
    [null, 7, { tls: 'x', protocol: 'HTTPS' }, { protocol: 'TLS', tls: [] }],
  ])
    assert.equal(wantedSecrets(gateway(listeners), none).secrets.size, 0);
});
