/** ACME with exactly the rights of the chart: every way to prove a name that an API server alone can show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultApproveSignerNames,
  featuresByDefault,
  type RbacSettings,
} from '../../src/cli/rbac/rbac-features.ts';
import { startPebble } from '../../tools/peers/acme/pebble.ts';
import { chartWorld, install, installGatewayApi, installRoutes } from './chart/world.ts';
import {
  held,
  issued,
  issuer,
  prepare,
  takenOver,
  tampered,
  tidied,
  withdrawn,
} from './least-privilege/acme-scenarios.ts';
import { describe, grantsOf, isHidden, refusals, unusedNames } from './least-privilege/evidence.ts';
import { proveHidden } from './least-privilege/hidden-rights.ts';
import { chartArguments, runAs, scenarioWorld, type Running } from './least-privilege/world.ts';

const settings: RbacSettings = {
  features: new Set([...featuresByDefault(undefined), 'gateway-shim' as const, 'acme-gateway' as const]),
  fullname: 'certwright',
  namespace: 'cert-manager',
  leaderElectionNamespace: 'kube-system',
  metricsCaSecret: { namespace: '', name: '' },
  approveSignerNames: defaultApproveSignerNames,
  serviceAccounts: { controller: 'certwright', cainjector: 'none', webhook: 'none' },
};
/** Of the roles that this is about; the others are proven in `least-privilege.test.ts`. */
const roles = /-(?:orders|challenges|acme-.*)$/u;

test('ACME with the rights of the chart', { timeout: 600_000 }, async (t) => {
  const chart = await chartWorld(t, {
    controllerManager: true,
    apiserverArgs: [
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
      '--feature-gates=WatchList=false',
    ],
  });
  const pebble = await startPebble({ alwaysValid: true, noSleep: true });
  t.after(() => pebble.stop());
  await installGatewayApi(chart);
  await installRoutes(chart);
  await install(chart, '--set=config.gatewayAPI.enabled=true,acme.tlsAlpn01.port=8443');
  await chart.kubectl('create', 'namespace', 'shop');
  const world = scenarioWorld(chart);
  await prepare(world);

  const ofChart = (await chartArguments(chart, 'certwright')).filter(
    (arg) => !/^--(?:config|acme-http01-listen|acme-tls-alpn-listen)=/u.test(arg),
  );
  const start = (address: string): Promise<Running> => {
    const here = [
      '--metrics-listen-address=127.0.0.1:0',
      '--internal-healthz-listen-address=127.0.0.1:0',
      '--acme-http01-listen=127.0.0.1:0',
      '--acme-tls-alpn-listen=127.0.0.1:0',
      '--dns01-check-retry-period=1s',
      '--enable-gateway-api',
      '--log-format=text',
    ];
    const pod = { POD_NAME: 'certwright-0', POD_NAMESPACE: 'cert-manager', POD_IP: address };
    return runAs(t, chart, 'certwright', [...ofChart, ...here], /caches are synced/u, 'cert-manager', pod);
  };
  const first = await start('10.244.0.7');
  await t.test('the issuer has an account', () => first.telling(() => issuer(world, pebble)));
  await t.test('issued in four ways', () => first.telling(() => issued(world)));
  await t.test('held by the self-check', () => first.telling(() => held(world)));
  await first.end();
  const spoilt = await tampered(world);
  const second = await start('10.244.0.8');
  await t.test('taken over by the next process', () => second.telling(() => takenOver(world, '10.244.0.8')));
  await t.test('tidied up', () => second.telling(() => tidied(world, spoilt)));
  await t.test('withdrawn', () => second.telling(() => withdrawn(world)));
  await second.end();

  const user = 'system:serviceaccount:cert-manager:certwright';
  const entries = await chart.cluster.audit.entries({ user });
  await t.test('nothing was refused', () => {
    assert.ok(entries.length > 100, `${entries.length} requests`);
    assert.deepEqual(refusals(entries), []);
  });
  const grants = grantsOf(settings).filter(({ role }) => roles.test(role));
  await t.test('every right was used', () => {
    assert.ok(grants.length > 40, `${grants.length} rights`);
    const unused = grants
      .filter((grant) => !isHidden(grant))
      .flatMap((grant) => unusedNames(grant, entries).map((name) => `${describe(grant)}: ${name}`));
    assert.deepEqual(unused, []);
  });
  for (const grant of grants.filter(isHidden))
    await t.test(`refused to whoever lacks ${describe(grant)}`, () => proveHidden(world, settings, grant));
});
