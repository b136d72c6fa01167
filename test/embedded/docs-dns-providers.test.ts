/** docs/dns-providers.md, held against the registry, the schema and the admission of an Issuer. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createAdmission } from '../../src/admission/create-admission.ts';
import { crds } from '../../src/api/crds.ts';
import { dns01SolverSchema } from '../../src/api/solver-dns01.ts';
import { readUpConfig } from '../../src/cli/up/up-config.ts';
import { dnsProviderTypes } from '../../src/dns/providers/registry.ts';
import { withGeneratedParts } from '../../tools/generate/doc-sections.ts';
import { workspace } from './cli/run-cli.ts';
import { page } from './docs/documents.ts';
import { startServer } from './server-harness.ts';

const { text } = page('docs/dns-providers.md');
/** Fields beside the providers, and the provider that the registry leaves to the solver. */
const OTHERS = ['cnameStrategy', 'nameservers', 'webhook'];

interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
}

interface Manifest {
  metadata: { name: string };
  spec: { acme: { solvers: { dns01: Record<string, unknown> }[] } };
}

test('the table is the one of the registry', () => {
  assert.equal(withGeneratedParts(text), text);
});

test('the registry has every provider of the API, and each of its fields', () => {
  const { properties = {} } = dns01SolverSchema as Schema;
  assert.deepEqual(
    dnsProviderTypes.map(({ key }) => key).toSorted(),
    Object.keys(properties)
      .filter((key) => !OTHERS.includes(key))
      .toSorted(),
  );
  for (const { key, description } of dnsProviderTypes) {
    const { properties: fields = {}, required = [] } = properties[key] ?? {};
    const described = description.fields.map((field) => field.path.replace(/\..*/u, ''));
    assert.deepEqual([...new Set(described)].toSorted(), Object.keys(fields).toSorted(), key);
    for (const field of description.fields)
      assert.equal(field.required, required.includes(field.path), `${key}.${field.path}`);
  }
});

function manifests(section: string): Manifest[] {
  return [...section.matchAll(/```yaml\n([\s\S]*?)```/gu)].map((match) => parse(match[1] ?? '') as Manifest);
}

for (const type of dnsProviderTypes) {
  const { key } = type;
  test(`the manifests of ${key} are admitted, and configure it`, async () => {
    const section = text.split(/^## /mu).find((one) => one.startsWith(`${key}\n`));
    assert.ok(section, `there is a section ${key}`);
    const issuers = manifests(section);
    assert.ok(issuers.length > 0, 'with a manifest');
    const api = await startServer({ crds, admission: createAdmission() });
    try {
      for (const issuer of issuers) {
        const where = '/apis/cert-manager.io/v1/namespaces/default/issuers?fieldValidation=Strict';
        const { code, body } = await api.ask('POST', where, issuer);
        assert.equal(code, 201, JSON.stringify(body));
        const config = issuer.spec.acme.solvers[0]?.dns01[key];
        assert.ok(config, `it uses ${key}`);
        for (const { name, key: entry } of type.secretReferences(config))
          assert.ok(name && entry, 'Secret and entry');
      }
    } finally {
      await api.close();
    }
  });
}

test('the example of the configuration file is read', async (t) => {
  const block = /```yaml configuration\n([\s\S]*?)```/u.exec(text)?.[1];
  assert.ok(block);
  const file = path.join(workspace(t), 'up.yaml');
  writeFileSync(file, block);
  assert.deepEqual((await readUpConfig(file)).programs, {
    'my-dns': ['/usr/local/bin/my-dns', 'example.com'],
  });
});
