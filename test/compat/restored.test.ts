/** Objects that come to us in a worse state than their controller left them in: backups, other hands, older versions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificates, secrets } from '../../src/api/resources.ts';
import { CompatWorld } from './compat-world.ts';
import { afterwards, certManagerFixtures, idOf, ownFixtures, type FixtureSet } from './fixture-set.ts';

interface Variant {
  title: string;
  /** Secrets are written again once (`repaired`), or not at all. */
  secrets: 'untouched' | 'repaired';
  restored?: (set: FixtureSet) => KubeObject[];
  applied?: (set: FixtureSet) => KubeObject[];
}

const filtered = 'controller.cert-manager.io/fao';
const isTarget = ({ metadata }: KubeObject): boolean =>
  metadata?.labels?.[filtered] === 'true' && !isKey(metadata);
const isKey = (metadata: KubeObject['metadata']): boolean =>
  metadata?.labels?.['cert-manager.io/next-private-key'] === 'true';

const isSecret = ({ kind }: KubeObject): boolean => kind === 'Secret';
const whole = (set: FixtureSet, change: (object: KubeObject) => KubeObject): KubeObject[] => [
  // Whoever owns a Certificate: without it, the Certificate goes.
  ...set.ingresses,
  ...set.clusterIssuers,
  ...set.issuers,
  ...set.secrets.map((one) => (isTarget(one) ? change(one) : one)),
  ...set.certificates.map(change),
  ...set.requests,
];
const onSecrets =
  (change: (metadata: NonNullable<KubeObject['metadata']>) => object) =>
  (object: KubeObject): KubeObject =>
    isSecret(object)
      ? { ...object, metadata: { ...object.metadata, ...change(object.metadata ?? {}) } }
      : object;

/** What people keep in a repository or a backup: nothing that the server filled in. */
const bare = ({ metadata, ...rest }: KubeObject): KubeObject => {
  const { name, namespace, labels, annotations } = metadata ?? {};
  return { ...rest, metadata: { name, namespace, labels, annotations } };
};

const variants: readonly Variant[] = [
  {
    title: 'Secrets from a backup and the manifests: no requests, no status, other uids',
    secrets: 'untouched',
    restored: (set) => set.secrets.filter(({ metadata }) => !isKey(metadata)),
    applied: (set) => set.applied.filter((object) => !isSecret(object)),
  },
  {
    title: 'Secrets that somebody applied by hand',
    secrets: 'repaired',
    applied: (set) => [
      ...set.secrets.filter(({ metadata }) => !isKey(metadata)).map(bare),
      ...set.applied.filter((object) => !isSecret(object)),
    ],
  },
  {
    title: 'every request is gone',
    secrets: 'untouched',
    restored: (set) => whole(set, (object) => object).filter(({ kind }) => kind !== 'CertificateRequest'),
  },
  {
    title: 'Secrets without managed fields',
    secrets: 'repaired',
    restored: (set) =>
      whole(
        set,
        onSecrets(() => ({ managedFields: undefined })),
      ),
  },
  {
    title: 'Secrets of a version that did not label them and did not apply',
    secrets: 'repaired',
    restored: (set) => whole(set, onSecrets(unlabelled)),
  },
  {
    title: 'Secrets with entries, labels and annotations of other controllers',
    secrets: 'untouched',
    restored: (set) =>
      whole(set, (object) => {
        const { labels, annotations } = object.metadata ?? {};
        const metadata = {
          labels: { ...labels, 'app.example.com/part-of': 'shop' },
          annotations: { ...annotations, 'replicator.example.com/to': '*' },
        };
        if (!isSecret(object)) return object;
        const secret: Secret = onSecrets(() => metadata)(object);
        return { ...secret, data: { ...secret.data, extra: 'eA==' } };
      }),
  },
  {
    title: 'Certificates that spell out the defaults, in another order',
    secrets: 'untouched',
    restored: (set) =>
      whole(set, (object) => (object.kind === 'Certificate' ? spelledOut(object as Certificate) : object)),
  },
];

function unlabelled({ labels, managedFields }: NonNullable<KubeObject['metadata']>): object {
  const { [filtered]: _label, ...rest } = labels ?? {};
  const managed = managedFields?.map((entry) =>
    entry.operation === 'Apply' ? { ...entry, manager: 'controller', operation: 'Update' as const } : entry,
  );
  return { labels: rest, managedFields: managed };
}

/** Explicit usages are a change by the specification, so they stay away. */
function spelledOut({ spec, ...rest }: Certificate): Certificate {
  return {
    ...rest,
    spec: {
      ...spec,
      dnsNames: spec.dnsNames?.toReversed(),
      duration: spec.duration ?? '2160h',
      issuerRef: {
        ...spec.issuerRef,
        kind: spec.issuerRef.kind ?? 'Issuer',
        group: spec.issuerRef.group ?? 'cert-manager.io',
      },
      privateKey: {
        ...spec.privateKey,
        rotationPolicy: spec.privateKey?.rotationPolicy ?? 'Always',
        encoding: spec.privateKey?.encoding ?? 'PKCS1',
      },
    },
  };
}

/** Everything but what has to be made anew with other salts. */
function content({ data }: Secret): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(data ?? {}).filter(([key]) => !/\.(p12|jks)$/.test(key)));
}

async function check(set: FixtureSet, variant: Variant): Promise<void> {
  const world = new CompatWorld(afterwards(set));
  try {
    await world.open();
    await world.load(variant.restored?.(set) ?? []);
    await world.apply(variant.applied?.(set) ?? []);
    const before = new Map((await world.all<Secret>(secrets)).map((one) => [idOf(one), one]));
    await world.start();
    await world.clock.advance(60_000);

    const unanswered = new Set(
      set.certificates
        .filter(({ status }) => status?.revision === undefined)
        .map(({ metadata }) => metadata?.name),
    );
    for (const { metadata, spec, status } of await world.all<Certificate>(certificates)) {
      const { name, namespace } = metadata ?? {};
      if (unanswered.has(name)) continue;
      assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True', name);
      const requests = world.writes.filter((one) =>
        one.startsWith(`create CertificateRequest ${namespace}/${name}-`),
      );
      assert.deepEqual(requests, [], `${name} is not issued again`);
      const id = `Secret/${namespace}/${spec.secretName}`;
      const written = world.writes.filter((one) => one === `apply ${id.replace('/', ' ')}`);
      assert.equal(written.length, variant.secrets === 'repaired' ? 1 : 0, id);
      const now = await world.get<Secret>(secrets, namespace ?? '', spec.secretName);
      const then = before.get(id);
      assert.ok(then);
      assert.deepEqual(content(now), content(then), id);
      assert.equal(now.metadata?.labels?.[filtered], 'true', id);
      if (variant.secrets === 'untouched') assert.deepEqual(now, then);
    }
    world.writes.length = 0;
    await world.stop();
    await world.start();
    await world.clock.advance(60_000);
    assert.deepEqual(world.writes, [], 'a second start finds nothing to do');
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

for (const [name, fixtures] of [
  ['fixtures of cert-manager 1.21', certManagerFixtures],
  ['fixtures of our own', ownFixtures],
] as const) {
  describe(`taken over in a worse state, ${name}`, () => {
    for (const variant of variants) {
      test(variant.title, async (context) => {
        const set = fixtures(context);
        if (set !== undefined) await check(set, variant);
      });
    }
  });
}
