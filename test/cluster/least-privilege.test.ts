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
import { chartArguments, runAs, scenarioWorld, withoutAcme } from './least-privilege/world.ts';

/** Parts with ServiceAccounts of their own: what one of them may do must not hide what another lacks. */
const values = [
  '--set=split=true',
  '--set=enableCertificateOwnerRef=true',
  withoutAcme,
  '--set=config.gatewayAPI.enabled=true',
  '--set=config.gatewayAPI.enableListenerSet=true',
  '--set=config.featureGates.ListenerSets=true',
  '--set=config.featureGates.ExperimentalCertificateSigningRequestControllers=true',
];

const settings: RbacSettings = {
  features: new Set(
    [
      ...featuresByDefault(undefined),
      'gateway-shim' as const,
      'listenerset' as const,
      'csr-signers' as const,
    ].filter(
      // Those of ACME need a CA: `least-privilege-acme.test.ts`.
      (feature) => !feature.startsWith('acme'),
    ),
  ),
  fullname: 'certwright',
  namespace: 'cert-manager',
  leaderElectionNamespace: 'kube-system',
  metricsCaSecret: { namespace: '', name: '' },
  approveSignerNames: defaultApproveSignerNames,
  serviceAccounts: { controller: 'certwright', cainjector: 'certwright-cainjector', webhook: 'none' },
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

  const withoutFile = async (deployment: string): Promise<string[]> =>
    (await chartArguments(chart, deployment)).filter((arg) => !arg.startsWith('--config='));
  const controller = await runAs(
    t,
    chart,
    'certwright',
    [...(await withoutFile('certwright')), ...outside],
    /caches are synced/u,
  );
  const injector = await runAs(
    t,
    chart,
    'certwright-cainjector',
    [...(await withoutFile('certwright-cainjector')), '--metrics-listen-address=0', '--log-format=text'],
    /caches of CA injection are complete/u,
  );
  for (const scenario of controllerScenarios)
    await t.test(scenario.title, () => controller.telling(() => scenario.run(world)));
  for (const scenario of cainjectorScenarios)
    await t.test(scenario.title, () => injector.telling(() => scenario.run(world)));
  await injector.end();
  await controller.end();

  const grants = grantsOf(settings);
  for (const account of ['certwright', 'certwright-cainjector']) {
    const user = `system:serviceaccount:cert-manager:${account}`;
    const entries = await chart.cluster.audit.entries({ user });
    await t.test(`nothing was refused to ${account}`, () => {
      assert.ok(entries.length > 20, `${entries.length} requests`);
      assert.deepEqual(refusals(entries), []);
    });
    await t.test(`every right of ${account} was used`, () => {
      const unused = grants
        .filter((grant) => grant.account === account && !isHidden(grant))
        .flatMap((grant) => unusedNames(grant, entries).map((name) => `${describe(grant)}: ${name}`));
      assert.deepEqual(unused, []);
    });
  }
  for (const grant of grants.filter(isHidden)) {
    await t.test(`refused to whoever lacks ${describe(grant)}`, () => proveHidden(world, settings, grant));
  }
});
