/** The built program over what cert-manager left on a real API server: a dry run writes nothing, a scrape has its series. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  issuers,
  secrets,
} from '../../src/api/resources.ts';
import type { DryRunReport } from '../../src/cli/dry-run/plan.ts';
import { readExposition, type Family } from '../../src/metrics/testing/read-exposition.ts';
import { certManagerFixtures, restoreInto, type FixtureSet } from '../compat/fixture-set.ts';
import { CompatWorld } from '../compat/compat-world.ts';
import { labelNames, ofTheProcess, series, withoutMeaning } from '../compat/peer-metrics.ts';
import { startController } from './outages/controller-process.ts';
import { clusterKubeconfig, kubectl } from './kubectl.ts';
import { sharedCluster } from './lane.ts';
import { until } from './until.ts';

const execute = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.join(root, '../shared/fixtures/cert-manager-1.21');
const own = ['--cluster-resource-namespace=cert-manager'];

/** What the objects of cert-manager are now, to the version of each. */
async function everything(world: CompatWorld): Promise<string[]> {
  const types = [certificates, certificateRequests, issuers, clusterIssuers, secrets, events];
  const lists = await Promise.all(types.map((type) => world.all<KubeObject>(type)));
  return lists
    .flat()
    .map(
      ({ kind, metadata }) => `${kind} ${metadata?.namespace}/${metadata?.name} ${metadata?.resourceVersion}`,
    );
}

/** Whoever may read everything, and nothing else. */
async function readerKubeconfig(user: string): Promise<string> {
  await kubectl('create', 'clusterrole', user, '--verb=get,list,watch', '--resource=*.*');
  await kubectl('create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`);
  return (await sharedCluster()).kubeconfigFor(user);
}

describe('the program over the objects of cert-manager 1.21', () => {
  const world = new CompatWorld(Date.now());
  let set: FixtureSet | undefined;
  before(async () => {
    await world.open();
  });
  after(() => world.close());

  test('a dry run with read rights: nothing is written, nothing would be re-issued', async (t) => {
    const found = certManagerFixtures(t);
    if (found === undefined) return;
    set = await restoreInto(world, found);
    const user = 'dry-runner';
    const kubeconfig = await readerKubeconfig(user);
    const stored = await everything(world);
    const bundle = path.join(root, 'dist/certwright.js');
    const args = [bundle, 'controller', '--kubeconfig', kubeconfig, '--dry-run', '-o', 'json', ...own];
    const { stdout } = await execute(process.execPath, args, { maxBuffer: 64 << 20 });
    const { actions, looked } = JSON.parse(stdout) as DryRunReport;
    assert.equal(looked['Certificate'], set.certificates.length);
    const due = (name: string): boolean => {
      const time = set?.certificates.find((one) => one.metadata?.name === name)?.status?.renewalTime;
      return time === undefined || time === null || Date.parse(time) <= Date.now();
    };
    const issues = actions.filter(({ action, name }) => /issue/u.test(action) && !due(name));
    assert.deepEqual(issues, []);

    assert.deepEqual(await everything(world), stored);
    const entries = await (await sharedCluster()).audit.entries({ user });
    assert.ok(entries.length > 5, `${entries.length} requests`);
    const writes = entries.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    assert.deepEqual(writes, []);
    // A Secret that somebody names and nobody made is answered with 404.
    assert.deepEqual(
      entries.filter(({ code }) => code !== 200 && code !== 404),
      [],
    );
  });

  test('a scrape of the running process has the series of cert-manager: names, types, labels', async (t) => {
    if (set === undefined) {
      t.diagnostic('left out: the shared fixtures of cert-manager 1.21 are not beside this repository');
      return;
    }
    const controller = startController(t, clusterKubeconfig(), '--v=4', '--log-format=json', ...own);
    let ours = new Map<string, Family>();
    await controller.during(
      until('metrics with a decision', async () => {
        const url = /"url":"([^"]+\/metrics)"/u.exec(controller.log())?.[1];
        // CA injection counts its calls before the Certificates are listed.
        if (url === undefined || !controller.log().includes('caches are synced; at work')) return false;
        ours = readExposition(await (await fetch(url)).text());
        return ours.has('certmanager_controller_sync_call_count');
      }),
    );
    const theirs = readExposition(readFileSync(path.join(fixtures, 'metrics.txt'), 'utf8'));
    let compared = 0;
    for (const [name, family] of theirs) {
      if (withoutMeaning.some((one) => one.name.test(name))) continue;
      const mine = ours.get(name);
      // There, too, it comes with the first error.
      if (mine === undefined && name === 'certmanager_controller_sync_error_count') continue;
      assert.ok(mine, `${name} is missing`);
      assert.equal(mine.type, family.type, name);
      assert.deepEqual(labelNames(mine), labelNames(family), name);
      if (!ofTheProcess.test(name)) assert.deepEqual(series(mine, false), series(family, false), name);
      compared++;
    }
    assert.ok(compared >= 8, `${compared} families compared`);
    assert.equal(await controller.end(), 0);
  });
});
