/** The product runs with exactly the rights of its chart: nothing is refused, and nothing is granted that nothing uses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultApproveSignerNames,
  featuresByDefault,
  type RbacSettings,
} from '../../src/cli/rbac/rbac-features.ts';
import { chartWorld, install, installGatewayApi } from './chart/world.ts';
import { cainjectorScenarios } from './least-privilege/cainjector-scenarios.ts';
import { describe, grantsOf, isHidden, refusals, unusedNames } from './least-privilege/evidence.ts';
import { proveHidden } from './least-privilege/hidden-rights.ts';
import { controllerScenarios } from './least-privilege/scenarios.ts';
import { chartArguments, runAs, scenarioWorld } from './least-privilege/world.ts';

const values = [
  '--set=enableCertificateOwnerRef=true',
  '--set=config.gatewayAPI.enabled=true',
  '--set=config.gatewayAPI.enableListenerSet=true',
  '--set=config.featureGates.ListenerSets=true',
  '--set=config.featureGates.ExperimentalCertificateSigningRequestControllers=true',
];

const settings: RbacSettings = {
  features: new Set([...featuresByDefault(undefined), 'gateway-shim', 'listenerset', 'csr-signers']),
  fullname: 'certwright',
  namespace: 'cert-manager',
  leaderElectionNamespace: 'kube-system',
  metricsCaSecret: { namespace: '', name: '' },
  approveSignerNames: defaultApproveSignerNames,
  serviceAccounts: { controller: 'certwright', cainjector: 'certwright', webhook: 'certwright' },
};

/** For a process on this machine instead of one in a Pod: no fixed ports, no file of a ConfigMap. */
const outside = [
  '--metrics-listen-address=127.0.0.1:0',
  '--internal-healthz-listen-address=127.0.0.1:0',
  '--log-format=text',
  '--enable-gateway-api',
  '--enable-gateway-api-listenerset',
  '--feature-gates=ListenerSets=true,ExperimentalCertificateSigningRequestControllers=true',
];

test('controller and cainjector with the rights of the chart', { timeout: 600_000 }, async (t) => {
  const chart = await chartWorld(t, {
    controllerManager: true,
    apiserverArgs: [
      // As OpenShift has it: rights on owners are asked for.
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
      // Clients fall back from streamed lists to lists, as they do on servers before 1.34.
      '--feature-gates=WatchList=false',
    ],
  });
  await installGatewayApi(chart);
  await install(chart, ...values);
  await chart.kubectl('create', 'namespace', 'shop');
  const world = scenarioWorld(chart);

  const args = (await chartArguments(chart, 'certwright')).filter((arg) => !arg.startsWith('--config='));
  const process = await runAs(t, chart, 'certwright', [...args, ...outside], /caches are synced/u);
  for (const scenario of [...controllerScenarios, ...cainjectorScenarios]) {
    await t.test(scenario.title, () => process.telling(() => scenario.run(world)));
  }
  await process.end();

  const entries = await chart.cluster.audit.entries({
    user: 'system:serviceaccount:cert-manager:certwright',
  });
  await t.test('nothing was refused', () => {
    assert.ok(entries.length > 100);
    assert.deepEqual(refusals(entries), []);
  });
  const grants = grantsOf(settings);
  await t.test('every right was used', () => {
    const unused = grants
      .filter((grant) => !isHidden(grant))
      .flatMap((grant) => unusedNames(grant, entries).map((name) => `${describe(grant)}: ${name}`));
    assert.deepEqual(unused, []);
  });
  for (const grant of grants.filter(isHidden)) {
    await t.test(`refused to whoever lacks ${describe(grant)}`, () => proveHidden(world, settings, grant));
  }
});
