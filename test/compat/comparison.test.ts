/** The same manifests given to us leave the same objects behind; every difference is listed and justified. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  issuers,
  secrets,
} from '../../src/api/resources.ts';
import { applyAndSettle } from './apply-and-settle.ts';
import { compareObjects, type Difference, type Left } from './compare-objects.ts';
import { fixtureDifferences, type FixtureDifference } from './fixture-differences.ts';
import { onCluster } from '../servers/api-under-test.ts';
import { certManagerFixtures, ownFixtures, withoutIngress, type FixtureSet } from './fixture-set.ts';

async function differences(set: FixtureSet, triggered: readonly string[]): Promise<Difference[]> {
  const world = await applyAndSettle(set.applied, { startMs: Date.parse('2026-11-22T00:02:42Z'), triggered });
  try {
    const types = [certificates, certificateRequests, clusterIssuers, issuers, secrets];
    const objects = (await Promise.all(types.map((type) => world.all<KubeObject>(type)))).flat();
    const ours: Left = { objects, events: await world.all<Event>(events) };
    assert.deepEqual(world.problems, []);
    return compareObjects(withoutIngress(set), ours).filter((one) => !isAdministrator(one));
  } finally {
    await world.close();
  }
}

/** Stamped by our admission: on a real server its own administrator, with what it adds to whoever has a certificate. */
const isAdministrator = ({ kind, path, theirs, ours = '' }: Difference): boolean =>
  onCluster &&
  kind === 'CertificateRequest' &&
  (path === 'spec.extra'
    ? /^\{"authentication\.kubernetes\.io\/credential-id":\["X509SHA256=[0-9a-f]{64}"\]\}$/u.test(ours)
    : path === 'spec.username' && theirs !== undefined && ours === 'admin');

const says = (pattern: string | RegExp | undefined, text: string): boolean =>
  pattern === undefined || (typeof pattern === 'string' ? pattern === text : pattern.test(text));

const covers = (row: FixtureDifference, { kind, name, path }: Difference): boolean =>
  row.kind === kind && says(row.name, name) && says(row.path, path);

describe('the same manifests', () => {
  test('leave what cert-manager 1.21 left, but for the listed differences', async (context) => {
    const set = certManagerFixtures(context);
    if (set === undefined) return;
    context.diagnostic('left out: what an annotated Ingress makes');
    // Re-issued four times by hand, each.
    const triggered = Array.from({ length: 4 }, () => ['ecdsa-rotating', 'key-kept']).flat();
    const found = await differences(set, triggered);
    const unlisted = found.filter((one) => !fixtureDifferences.some((row) => covers(row, one)));
    assert.deepEqual(unlisted, [], 'differences that are not listed');
    const stale = fixtureDifferences.filter((row) => !found.some((one) => covers(row, one)));
    assert.deepEqual(stale, [], 'rows that no difference needs');
  });

  test('leave what an earlier version of ours left', async () => {
    assert.deepEqual(await differences(ownFixtures(), ['kept']), []);
  });
});
