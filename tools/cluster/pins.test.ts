/** What the lane reads out of files of others: pinned versions, and the rights of the process. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { requiredVersion } from './go-programs.ts';
import { missingCapabilities } from './requirements.ts';

test('versions come out of go.mod, whether the module stands alone or in a block', () => {
  const text =
    'module x\n\ngo 1.26.0\n\nrequire a.example/one v1.2.3\nrequire (\n\ta.example/two/v2 v2.0.1 // indirect\n\tb.example/three v3.0.0\n)\n';
  assert.equal(requiredVersion(text, 'a.example/one'), 'v1.2.3');
  assert.equal(requiredVersion(text, 'a.example/two/v2'), 'v2.0.1');
  assert.equal(requiredVersion(text, 'b.example/three'), 'v3.0.0');
  assert.throws(() => requiredVersion(text, 'a.example/two'), /does not require/u);
});

test('the documentation names the versions that are pinned', () => {
  const documented = readFileSync(new URL('../../docs/dependencies.md', import.meta.url), 'utf8');
  for (const [name, module, words] of [
    ['helm', 'helm.sh/helm/v3', 'helm'],
    ['coredns', 'github.com/coredns/coredns', 'CoreDNS'],
    ['traefik', 'github.com/traefik/traefik/v3', 'Traefik'],
  ] as const) {
    const text = readFileSync(new URL(`./go/${name}/go.mod`, import.meta.url), 'utf8');
    assert.ok(documented.includes(`${words} ${requiredVersion(text, module)}`), name);
  }
});

test('a root without the rights to make namespaces and links is told so', () => {
  const status = (effective: string): string => `Name:\tnode\nCapPrm:\tffffffffff\nCapEff:\t${effective}\n`;
  assert.deepEqual(missingCapabilities(status('000001ffffffffff')), []);
  // What container engines give by default.
  assert.deepEqual(missingCapabilities(status('00000000a80425fb')), ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
  assert.deepEqual(missingCapabilities(''), ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
});
