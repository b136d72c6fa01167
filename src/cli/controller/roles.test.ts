/** Roles beside the controller: what they are told by its flags and its configuration file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCainjectorOptions } from '../cainjector/cainjector-options.ts';
import { parseConfigFile } from '../configuration/config-file.ts';
import { controllerTable } from '../configuration/controller-table.ts';
import { mergeSettings, type GivenFlags } from '../configuration/settings.ts';
import { besideController, strayFlags } from './roles.ts';

const header = `apiVersion: ${controllerTable.apiVersion}\nkind: ${controllerTable.kind}\n`;

function cainjector(text: string, flags: GivenFlags): ReturnType<typeof readCainjectorOptions> {
  const file = parseConfigFile(controllerTable, '/config.yaml', header + text);
  return readCainjectorOptions(
    besideController({ settings: mergeSettings(controllerTable, flags, file), flags }),
  );
}

test('the cainjector elects as the configuration file of the controller says, under a lease of its own', () => {
  const { leader, injection } = cainjector(
    'namespace: shop\nleaderElectionConfig: {namespace: here, leaseDuration: 12s, renewDeadline: 8s, retryPeriod: 2s}',
    { enableApiservicesInjectable: 'false' },
  );
  assert.equal(leader?.name, 'cert-manager-cainjector-leader-election');
  assert.deepEqual(
    [leader.namespace, leader.durationMs, leader.renewDeadlineMs, leader.retryMs],
    ['here', 12_000, 8_000, 2_000],
  );
  assert.equal(injection.namespace, 'shop');
  assert.equal(injection.apiServices, false);
  assert.equal(cainjector('leaderElectionConfig: {enabled: false}', {}).leader, undefined);
});

test('a time of the lease that cannot be is refused by the name that it was given under', () => {
  assert.throws(
    () => cainjector('leaderElectionConfig: {retryPeriod: 50s}', {}),
    /^UsageError: leaderElectionConfig.retryPeriod in \/config.yaml "50s": must be shorter/,
  );
});

test('flags of a role that the process has not are told', () => {
  const flags = { enableApiservicesInjectable: 'false', securePort: '1', namespace: 'a' };
  assert.deepEqual(strayFlags({ roles: ['controller'] }, flags), [
    '--enable-apiservices-injectable has no effect without cainjector in --roles',
    '--secure-port has no effect without webhook in --roles',
  ]);
  assert.deepEqual(strayFlags({ roles: ['controller', 'cainjector', 'webhook'] }, flags), []);
});
