import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SchemaProps } from './custom-resource-definition.ts';
import { crds } from './crds.ts';

function schemasOf(schema: SchemaProps, path: string): [string, SchemaProps][] {
  return [
    [path, schema],
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
      schemasOf(child, `${path}.${name}`),
    ),
    ...(schema.items ? schemasOf(schema.items, `${path}[]`) : []),
    ...(typeof schema.additionalProperties === 'object'
      ? schemasOf(schema.additionalProperties, `${path}{}`)
      : []),
  ];
}

describe('crds', () => {
  test('are plain data: JSON carries all of it', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(crds)), crds);
  });

  for (const crd of crds) {
    const version = crd.spec.versions[0];
    const root = version?.schema?.openAPIV3Schema;
    assert.ok(root);
    const { kind } = crd.spec.names;

    test(`${kind}: every field that a user can write is explained`, () => {
      const silent = schemasOf(root, kind).filter(
        ([path, { description }]) =>
          description === undefined &&
          !path.endsWith('[]') &&
          !path.endsWith('{}') &&
          path !== `${kind}.metadata`,
      );
      assert.deepEqual(
        silent.map(([path]) => path),
        [],
      );
    });

    test(`${kind}: the schema is structural`, () => {
      for (const [path, schema] of schemasOf(root, kind)) {
        const untyped =
          schema['x-kubernetes-int-or-string'] === true ||
          schema['x-kubernetes-preserve-unknown-fields'] === true;
        assert.ok(untyped || schema.type !== undefined, `${path} has no type`);
        assert.ok(!(schema.properties && schema.additionalProperties), path);
        if (schema.type === 'array') {
          assert.ok(schema.items, path);
          if (schema['x-kubernetes-list-type'] === 'map') {
            for (const key of schema['x-kubernetes-list-map-keys'] ?? [])
              assert.ok(schema.items.properties?.[key], path);
          }
        }
        for (const name of schema.required ?? []) assert.ok(schema.properties?.[name], `${path}.${name}`);
      }
    });
  }

  test('names, scopes and columns are those that users and scripts know', () => {
    const facts = crds.map(({ metadata, spec }) => [
      metadata?.name,
      spec.names.listKind,
      spec.scope,
      (spec.names.shortNames ?? []).join(),
      (spec.names.categories ?? []).join(),
      (spec.versions[0]?.additionalPrinterColumns ?? [])
        .map(({ name, priority }) => (priority === 1 ? `(${name})` : name))
        .join(' '),
      (spec.versions[0]?.selectableFields ?? []).length,
    ]);
    assert.deepEqual(facts, [
      [
        'certificates.cert-manager.io',
        'CertificateList',
        'Namespaced',
        'cert,certs',
        'cert-manager',
        'Ready Secret (Issuer) (Status) Age',
        3,
      ],
      [
        'certificaterequests.cert-manager.io',
        'CertificateRequestList',
        'Namespaced',
        'cr,crs',
        'cert-manager',
        'Approved Denied Ready Issuer Requester (Status) Age',
        3,
      ],
      ['issuers.cert-manager.io', 'IssuerList', 'Namespaced', 'iss', 'cert-manager', 'Ready (Status) Age', 0],
      [
        'clusterissuers.cert-manager.io',
        'ClusterIssuerList',
        'Cluster',
        'ciss',
        'cert-manager',
        'Ready (Status) Age',
        0,
      ],
      [
        'orders.acme.cert-manager.io',
        'OrderList',
        'Namespaced',
        '',
        'cert-manager,cert-manager-acme',
        'State (Issuer) (Reason) Age',
        3,
      ],
      [
        'challenges.acme.cert-manager.io',
        'ChallengeList',
        'Namespaced',
        '',
        'cert-manager,cert-manager-acme',
        'State Domain (Reason) Age',
        3,
      ],
    ]);
  });
});
