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
    ['webhook'],
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

test('on a machine there is no aggregation layer, and no Gateway', () => {
  const webhook = { dns01: { webhook: { groupName: 'acme.example', solverName: 'x' } } };
  assert.equal(solverObjection(webhook, cluster), undefined);
  assert.match(solverObjection(webhook, machine) ?? '', /none here: use httpreq or exec/u);
  const route = { tlsALPN01: { gatewayTLSRoute: { parentRefs: [{ name: 'edge' }] } } };
  assert.equal(solverObjection(route, cluster), undefined);
  assert.match(solverObjection(route, machine) ?? '', /use tlsALPN01\.listener here/u);
});

test('other solvers are none of its business', () => {
  assert.equal(solverObjection({ http01: { listener: {} } }, cluster), undefined);
  assert.equal(solverObjection({ dns01: {} }, cluster), undefined);
});
