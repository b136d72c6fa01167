/** Objects of another controller given to us: nothing is issued again, no byte of a Secret changes, nothing flaps. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  issuers,
  secrets,
} from '../../src/api/resources.ts';
import { CompatWorld } from './compat-world.ts';
import {
  afterwards,
  certManagerFixtures,
  idOf,
  ownFixtures,
  restoreInto,
  type FixtureSet,
} from './fixture-set.ts';

/** Every byte of every object that matters, resourceVersion included. */
async function everything(world: CompatWorld): Promise<Map<string, string>> {
  const types = [certificates, certificateRequests, issuers, clusterIssuers, secrets];
  const lists = await Promise.all(types.map((type) => world.all<KubeObject>(type)));
  return new Map(lists.flat().map((object) => [idOf(object), JSON.stringify(object)]));
}

function changes(before: Map<string, string>, after: Map<string, string>): string[] {
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids].filter((id) => before.get(id) !== after.get(id)).toSorted();
}

const time = (text: string | undefined): number => Date.parse(text ?? '');

/**
 * Whose messages we say in our own words: an issuer without its Secret, a request without its issuer, a Certificate
 * that has no certificate yet. One status write for each, at the first start.
 */
function reworded(set: FixtureSet): string[] {
  const notReady = ({ status }: { status?: { conditions?: { type: string; status: string }[] } }): boolean =>
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'False') ??
    false;
  const verb = ({ kind }: KubeObject): string => (kind === 'Certificate' ? 'update' : 'patch');
  return [...set.issuers, ...set.clusterIssuers, ...set.requests, ...set.certificates]
    .filter(notReady)
    .map((object) => `${verb(object)} ${idOf(object).replace('/', ' ')}/status`);
}

/** Who owns fields of an object, and how: `manager operation[ subresource]`. */
const owners = ({ metadata }: KubeObject): string[] =>
  (metadata?.managedFields ?? [])
    .map(({ manager, operation, subresource }) => [manager, operation, subresource].join(' ').trim())
    .toSorted();

async function adopt(fixtures: FixtureSet): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-adoption-'));
  const world = new CompatWorld(afterwards(fixtures), folder);
  try {
    await world.open();
    const set = await restoreInto(world, fixtures);
    const stored = new Map((await world.all<Secret>(secrets)).map((one) => [idOf(one), one]));
    for (const secret of set.secrets)
      assert.deepEqual(owners(stored.get(idOf(secret)) ?? {}), owners(secret), 'fields are whose they were');
    const loaded = await everything(world);
    await world.start();
    await world.clock.advance(120_000);
    const allowed = new Set(reworded(set));
    assert.deepEqual(
      world.writes.filter((write) => !allowed.has(write)),
      [],
    );
    assert.equal(new Set(world.writes).size, world.writes.length, 'no status is written twice');
    for (const { metadata } of set.certificates) {
      const decision = await world.controllers.explain(`${metadata?.namespace}/${metadata?.name}`);
      assert.equal(decision?.action.kind, 'none', `${metadata?.name}: ${decision?.message}`);
    }
    const adopted = await everything(world);
    const touched = changes(loaded, adopted);
    assert.deepEqual(
      touched.filter(
        (id) => ![...allowed].some((write) => write.includes(` ${id.replace('/', ' ')}/status`)),
      ),
      [],
    );
    assert.ok(!touched.some((id) => id.startsWith('Secret/')), 'no Secret is touched');

    // Restarts of the controllers, and of the whole process on the same data.
    world.writes.length = 0;
    for (const whole of [false, true, false]) {
      await world.stop();
      if (whole) {
        await world.close();
        await world.open();
      }
      await world.start();
      await world.clock.advance(600_000);
    }
    assert.deepEqual(world.writes, []);
    assert.deepEqual(changes(adopted, await everything(world)), []);
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
    await rm(folder, { recursive: true });
  }
}

interface Held {
  revision: number;
  renewalAt: number;
  key: string;
  notBefore: string | undefined;
}

const publicKey = (secret: Secret | undefined): string =>
  secret?.data?.['tls.key'] === undefined
    ? ''
    : createPublicKey(Buffer.from(secret.data['tls.key'], 'base64'))
        .export({ format: 'pem', type: 'spki' })
        .toString();

async function holdings(world: CompatWorld): Promise<Map<string, Held>> {
  const stored = new Map((await world.all<Secret>(secrets)).map((secret) => [idOf(secret), secret]));
  const held = (await world.all<Certificate>(certificates)).map(
    ({ metadata, spec, status }): [string, Held] => {
      const secret = stored.get(`Secret/${metadata?.namespace}/${spec.secretName}`);
      const { revision = 0, renewalTime, notBefore } = status ?? {};
      return [
        metadata?.name ?? '',
        { revision, renewalAt: time(renewalTime), key: publicKey(secret), notBefore },
      ];
    },
  );
  return new Map(held);
}

/** What is due renews, revision + 1, with or without a new key as its policy has it; nothing else moves. */
function checkRenewals(
  set: FixtureSet,
  before: Map<string, Held>,
  after: Map<string, Held>,
  now: number,
): void {
  for (const { metadata, spec } of set.certificates) {
    const name = metadata?.name ?? '';
    const [old, fresh] = [before.get(name), after.get(name)];
    assert.ok(old !== undefined && fresh !== undefined, name);
    if (old.revision === 0 || old.renewalAt > now) {
      assert.deepEqual(fresh, old, `${name} is not due at ${new Date(now).toISOString()}`);
      continue;
    }
    assert.equal(fresh.revision, old.revision + 1, `${name} is due at ${new Date(now).toISOString()}`);
    assert.ok(fresh.renewalAt > now, `${name} has its next renewal ahead`);
    assert.equal(fresh.key === old.key, spec.privateKey?.rotationPolicy === 'Never', `the key of ${name}`);
  }
}

async function renew(fixtures: FixtureSet): Promise<void> {
  const world = new CompatWorld(afterwards(fixtures));
  try {
    await world.open();
    const set = await restoreInto(world, fixtures);
    const moments = set.certificates.flatMap(({ status }) =>
      status?.renewalTime ? [time(status.renewalTime)] : [],
    );
    for (const moment of [...new Set(moments)].toSorted((a, b) => a - b)) {
      // What fell due while nobody ran is done at the start; then the moment itself comes while we run.
      await world.stop();
      const early = await holdings(world);
      world.clock.jump(moment - 1_000 - world.clock.now());
      await world.start();
      const waiting = await holdings(world);
      checkRenewals(set, early, waiting, world.clock.now());
      await world.clock.advanceTo(moment + 1_000);
      checkRenewals(set, waiting, await holdings(world), world.clock.now());
    }
    await checkHistory(set, world);
    // The renewed Secrets have the owner that they had: nobody was overruled, and nobody is left behind.
    const targets = new Set(set.certificates.map(({ spec }) => spec.secretName));
    for (const secret of await world.all<Secret>(secrets))
      if (targets.has(secret.metadata?.name ?? ''))
        assert.deepEqual(owners(secret), ['cert-manager-certificates-issuing Apply'], idOf(secret));
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

/** As many requests as the Certificate wants kept, the newest of them current; keys in flight are still there. */
async function checkHistory(set: FixtureSet, world: CompatWorld): Promise<void> {
  const requests = await world.all<CertificateRequest>(certificateRequests);
  const held = await holdings(world);
  for (const { metadata, spec, status } of set.certificates) {
    const owned = requests.filter((one) => one.metadata?.ownerReferences?.[0]?.uid === metadata?.uid);
    const revisions = owned.map((one) =>
      Number(one.metadata?.annotations?.['cert-manager.io/certificate-revision']),
    );
    const current = held.get(metadata?.name ?? '')?.revision ?? 0;
    if (status?.revision === undefined) assert.deepEqual(revisions, [1], metadata?.name);
    else assert.equal(Math.max(...revisions), current, metadata?.name);
    assert.ok(revisions.length <= (spec.revisionHistoryLimit ?? 1), `history of ${metadata?.name}`);
  }
}

for (const [name, fixtures] of [
  ['fixtures of cert-manager 1.21', certManagerFixtures],
  ['fixtures of our own', ownFixtures],
] as const) {
  describe(name, () => {
    test('are adopted without a re-issue, a changed byte of a Secret or a flapping status', async (context) => {
      const set = fixtures(context);
      if (set !== undefined) await adopt(set);
    });

    test('renew when their renewal time comes, each by its own key policy', async (context) => {
      const set = fixtures(context);
      if (set !== undefined) await renew(set);
    });
  });
}
