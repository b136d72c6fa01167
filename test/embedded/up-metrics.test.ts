/** `certwright up --metrics-listen-address`: what can be watched of one machine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallFleet, up, workspace } from './cli/run-cli.ts';

test('metrics are served where the flag says, and tell of Certificates, issuers and requests', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const running = up(t, folder, '--metrics-listen-address', '127.0.0.1:0');
  const text = await running.seen(/kubectl get events/);
  const [, url = ''] = /metrics: (http:\S+)/.exec(text) ?? [];
  const answer = await fetch(url);
  const body = await answer.text();
  assert.match(body, /certmanager_certificate_ready_status\{condition="True"[^}]*name="leaf"[^}]*\} 1/);
  assert.match(body, /certmanager_clusterissuer_ready_status\{condition="True"[^}]*\} 1/);
  assert.match(body, /certwright_api_requests_total\{/);
  assert.match(body, /certwright_leader 1/);
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test('without the flag nothing is listened on; an address that cannot be had is named, exit 3', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const quiet = await up(t, folder, '--once', '--timeout', '10s').ended;
  assert.doesNotMatch(quiet.err, /metrics/);
  const taken = await up(t, folder, '--once', '--metrics-listen-address', '192.0.2.1:9402').ended;
  assert.equal(taken.code, 3);
  assert.match(taken.err, /--metrics-listen-address 192\.0\.2\.1:9402/);
});
