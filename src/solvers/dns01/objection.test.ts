import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerKeys } from './provider-section.ts';
import { providerObjection, solverObjection } from './objection.ts';

const cluster = { inCluster: true, dns: { programs: {} } };
const machine = { inCluster: false, dns: { programs: { lego: ['/usr/bin/lego'] } } };
const exec = (name: string) => ({ dns01: { exec: { name } } });

test('in a cluster nobody who writes an issuer chooses what the controller runs or calls', () => {
  const refused = providerKeys.filter((key) => providerObjection(key, cluster) !== undefined);
  assert.deepEqual(refused, ['httpreq', 'exec']);
  assert.deepEqual(
    providerKeys.filter((key) => providerObjection(key, machine) !== undefined),
    [],
  );
  assert.match(solverObjection(exec('lego'), cluster) ?? '', /exec works without a cluster only/u);
  assert.match(
    solverObjection({ dns01: { httpreq: { endpoint: 'https://dns.example' } } }, cluster) ?? '',
    /httpreq works without a cluster only/u,
  );
});

test('on a machine a program has to be in the configuration file', () => {
  assert.equal(solverObjection(exec('lego'), machine), undefined);
  assert.match(solverObjection(exec('toString'), machine) ?? '', /names no program "toString"/u);
});

test('other solvers are none of its business', () => {
  assert.equal(solverObjection({ http01: { listener: {} } }, cluster), undefined);
  assert.equal(solverObjection({ dns01: {} }, cluster), undefined);
});
