/** What `least-privilege.test.ts` leaves out, with the rights of the chart: one namespace, the webhook, shards, metrics by HTTPS. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  defaultApproveSignerNames,
  featuresByDefault,
  type RbacSettings,
} from '../../src/cli/rbac/rbac-features.ts';
import { chart as chartFolder, root } from '../../tools/chart/helm.ts';
import { chartWorld, install, installGatewayApi, type Failure } from './chart/world.ts';
import { describe, grantsOf, isHidden, refusals, unusedNames } from './least-privilege/evidence.ts';
import { proveHidden } from './least-privilege/hidden-rights.ts';
import { issuers, namespacedScenarios } from './least-privilege/scenarios.ts';
import {
  chartArguments,
  runAs,
  scenarioWorld,
  withoutAcme,
  type ScenarioWorld,
} from './least-privilege/world.ts';
import { until } from './until.ts';

const cluster = {
  controllerManager: true,
  apiserverArgs: [
    '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    '--feature-gates=WatchList=false',
  ],
};
const settings: RbacSettings = {
  features: new Set(),
  fullname: 'certwright',
  namespace: 'cert-manager',
  leaderElectionNamespace: 'kube-system',
  metricsCaSecret: { namespace: 'cert-manager', name: 'metrics-ca' },
  approveSignerNames: defaultApproveSignerNames,
  serviceAccounts: {
    controller: 'certwright',
    cainjector: 'certwright-cainjector',
    webhook: 'certwright-webhook',
  },
};
const noPorts = ['--metrics-listen-address=127.0.0.1:0', '--internal-healthz-listen-address=127.0.0.1:0'];
const text = '--log-format=text';

test('one namespace, with Roles in it and nothing else', { timeout: 600_000 }, async (t) => {
  const chart = await chartWorld(t, cluster);
  await installGatewayApi(chart);
  const definitions = join(root, 'deploy/crds');
  await chart.kubectl('apply', '--server-side', '-f', definitions);
  await chart.kubectl('wait', '--for=condition=Established', '--timeout=30s', '-f', definitions);
  const values = ['watchNamespace=shop', 'enableCertificateOwnerRef=true', 'config.gatewayAPI.enabled=true'];
  await chart.helm(
    'install',
    'certwright',
    chartFolder,
    '--namespace=shop',
    '--create-namespace',
    `--set=${values.join(',')}`,
    withoutAcme,
    '--set=config.gatewayAPI.enableListenerSet=true,config.featureGates.ListenerSets=true',
  );
  for (const resource of ['clusterroles', 'clusterrolebindings'])
    assert.deepEqual(await chart.list(resource, '-l', 'app.kubernetes.io/instance=certwright'), []);
  const world = scenarioWorld(chart);
  const args = (await chartArguments(chart, 'certwright', 'shop')).filter(
    (arg) => !arg.startsWith('--config='),
  );
  const gateways = ['--enable-gateway-api', '--enable-gateway-api-listenerset'];
  const process = await runAs(
    t,
    chart,
    'certwright',
    [...args, ...noPorts, text, ...gateways, '--feature-gates=ListenerSets=true'],
    /caches are synced/u,
    'shop',
  );
  for (const scenario of namespacedScenarios)
    await t.test(scenario.title, () => process.telling(() => scenario.run(world)));
  await process.end();

  const entries = await chart.cluster.audit.entries({ user: 'system:serviceaccount:shop:certwright' });
  assert.ok(entries.length > 100);
  await t.test('nothing was refused, and nothing asked for that is cluster-wide', () => {
    assert.deepEqual(refusals(entries), []);
    const wide = entries.filter(({ namespace, resource }) => namespace !== 'shop' && resource !== '');
    assert.deepEqual([...new Set(wide.map(({ verb, requestUri }) => `${verb} ${requestUri}`))], []);
  });
  const served: RbacSettings = {
    ...settings,
    features: new Set(
      [...featuresByDefault('shop'), 'gateway-shim' as const, 'listenerset' as const].filter(
        (feature) => !feature.startsWith('acme'),
      ),
    ),
    namespace: 'shop',
    watchNamespace: 'shop',
    leaderElectionNamespace: 'shop',
  };
  const grants = grantsOf(served);
  await t.test('every right was used', () => {
    assert.ok(grants.every(({ namespace }) => namespace === 'shop'));
    const unused = grants
      .filter((grant) => !isHidden(grant))
      .flatMap((grant) => unusedNames(grant, entries).map((name) => `${describe(grant)}: ${name}`));
    assert.deepEqual(unused, []);
  });
  for (const grant of grants.filter(isHidden))
    await t.test(`refused to whoever lacks ${describe(grant)}`, () => proveHidden(world, served, grant));
});

const invalid = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: { name: 'bad', namespace: 'shop' },
  spec: { ca: { secretName: '' } },
};

/** The webhook is asked, and refuses: the bundle of its CA has reached the API server. */
async function webhookWorks(world: ScenarioWorld): Promise<void> {
  let answer = '';
  await until(
    () => `the invalid Issuer is not refused by the webhook: ${answer}`,
    async () => {
      answer = await world
        .apply(JSON.stringify(invalid), '--dry-run=server')
        .catch((error: Failure) => error.stderr);
      return /admission webhook .* denied the request: .*spec\.ca\.secretName/su.test(answer);
    },
  );
}

/** What is in a CA Secret is spoiled; it is written anew, into the same object. */
async function mended(world: ScenarioWorld, secret: string): Promise<void> {
  const read = (path: string): Promise<string> =>
    world.kubectl('get', 'secret', secret, '-n', 'cert-manager', '-o', `jsonpath={${path}}`);
  await until(`there is no Secret ${secret}`, () =>
    read('.data.ca\\.crt').then(
      (ca) => ca !== '',
      () => false,
    ),
  );
  const uid = await read('.metadata.uid');
  const patch = '{"data":{"tls.crt":"bm9uZQ=="}}';
  await world.kubectl('patch', 'secret', secret, '-n', 'cert-manager', '--type=merge', '-p', patch);
  await until(`${secret} is not mended`, async () => {
    const [certificate, ca] = [await read('.data.tls\\.crt'), await read('.data.ca\\.crt')];
    return certificate !== '' && certificate === ca;
  });
  assert.equal(await read('.metadata.uid'), uid);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test(
  'webhook, cainjector and a sharded controller, each with its own rights',
  { timeout: 600_000 },
  async (t) => {
    const chart = await chartWorld(t, cluster);
    const port = await freePort();
    const ca = '--metrics-dynamic-serving-ca-secret';
    await install(
      chart,
      `--set=split=true,admission.mode=webhook,webhook.url.host=localhost:${port},webhook.securePort=${port}`,
      `--set=extraArgs={--shards=2,${ca}-namespace=$(POD_NAMESPACE),${ca}-name=metrics-ca,--metrics-dynamic-serving-dns-names=localhost}`,
    );
    await chart.kubectl('create', 'namespace', 'shop');
    const world = scenarioWorld(chart);

    const closed = ['--healthz-port=0', '--metrics-listen-address=0', text];
    const webhookArgs = await chartArguments(chart, 'certwright-webhook');
    const injectorArgs = await chartArguments(chart, 'certwright-cainjector');
    const controllerArgs = await chartArguments(chart, 'certwright');
    const webhook = await runAs(
      t,
      chart,
      'certwright-webhook',
      [...webhookArgs, ...closed],
      /there is a serving certificate/u,
    );
    const injector = await runAs(
      t,
      chart,
      'certwright-cainjector',
      [...injectorArgs, '--metrics-listen-address=0', text],
      /caches of CA injection are complete/u,
    );
    await t.test('the webhook is asked and refuses, before and after its CA was replaced', () =>
      webhook.telling(async () => {
        await webhookWorks(world);
        await mended(world, 'certwright-webhook-ca');
        await webhookWorks(world);
      }),
    );
    const controller = await runAs(
      t,
      chart,
      'certwright',
      [...controllerArgs, ...noPorts, text],
      /caches are synced/u,
    );
    // Approvals are part of it: the webhook asks the API server about each approver.
    await t.test(issuers.title, () => controller.telling(() => issuers.run(world)));
    await t.test('the CA of the metrics port is mended', () =>
      controller.telling(() => mended(world, 'metrics-ca')),
    );
    for (const process of [controller, injector, webhook]) await process.end();

    const whole: RbacSettings = {
      ...settings,
      features: new Set([...featuresByDefault(undefined), 'webhook', 'sharding', 'metrics-tls']),
    };
    const grants = grantsOf(whole);
    for (const [account, roles] of [
      ['certwright-webhook', /./u],
      ['certwright-cainjector', /leaderelection/u],
      ['certwright', /sharding|metrics|admission-check|leaderelection/u],
    ] as const) {
      await t.test(`${account}: nothing was refused, and ${String(roles)} used`, async () => {
        const user = `system:serviceaccount:cert-manager:${account}`;
        const entries = await chart.cluster.audit.entries({ user });
        assert.ok(entries.length > 5, `${entries.length} requests`);
        assert.deepEqual(refusals(entries), []);
        const own = grants.filter((grant) => grant.account === account && roles.test(grant.role));
        assert.ok(own.length > 0);
        const unused = own.flatMap((grant) =>
          unusedNames(grant, entries).map((name) => `${describe(grant)}: ${name}`),
        );
        assert.deepEqual(unused, []);
      });
    }
  },
);
