/** A wildcard on one machine: `certwright up` writes the record through a program of its configuration file, into a real BIND. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { startPebble } from '../../tools/peers/acme/pebble.ts';
import { startBind } from '../../tools/peers/bind/bind.ts';
import { workspace, write } from '../embedded/cli/run-cli.ts';
import { join } from 'node:path';
import { exported, manifests, startUp } from './acme-standalone-world.ts';

suite('DNS-01 by a program', () => {
  test('a wildcard and its apex: two values at one name, written, seen, and taken away', async (t) => {
    const bind = await startBind({
      zones: [
        { name: '.', records: ['example.test. IN NS ns.example.test.'] },
        { name: 'example.test', allowUpdate: ['any'] },
      ],
    });
    t.after(() => bind.stop());
    const pebble = await startPebble({ dnsServer: bind.server, noSleep: true });
    t.after(() => pebble.stop());
    const folder = workspace(t);
    const file = (name: string): string => join(folder, name);
    const world = { folder, pebble, httpPort: 0, tlsPort: 0, sparePort: 0, file };
    manifests(world, 'dns01: { exec: { name: update } }', { wild: ['*.example.test', 'example.test'] });
    write(
      file('update'),
      `#!/bin/sh -e
echo "$1 $2" >> ${file('calls')}
case $1 in
  present) change="add $2 60 TXT \\"$3\\"" ;;
  cleanup) change="delete $2 TXT \\"$3\\"" ;;
esac
printf 'server ${bind.address} ${bind.port}\\nupdate %s\\nsend\\n' "$change" | /usr/bin/nsupdate
`,
    );
    write(
      file('up.yaml'),
      `apiVersion: certwright.dev/v1alpha1
kind: UpConfiguration
programs:
  update: [/bin/sh, ${file('update')}]
`,
    );
    const up = startUp(t, world, [
      '--config',
      file('up.yaml'),
      '--once',
      '--timeout',
      '2m',
      '--dns01-recursive-nameservers',
      bind.server,
      '--dns01-recursive-nameservers-only',
      '--dns01-check-retry-period',
      '1s',
    ]);
    assert.equal(await up.ended, 0, up.text());
    assert.match(exported(world, 'wild').subjectAltName ?? '', /DNS:\*\.example\.test, DNS:example\.test/);
    const calls = readFileSync(file('calls'), 'utf8').trim().split('\n').toSorted();
    assert.ok(calls.filter((call) => call === 'present _acme-challenge.example.test.').length >= 2);
    assert.ok(calls.filter((call) => call === 'cleanup _acme-challenge.example.test.').length >= 2);
  });
});
