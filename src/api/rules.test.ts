/** The CEL rules of the CRDs, evaluated: they say what admission says, for every value that they can tell apart. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Environment } from '@marcbachmann/cel-js';
import { crds } from './crds.ts';
import type { SchemaProps } from './custom-resource-definition.ts';

function schemaAt(kind: string, ...path: string[]): SchemaProps {
  let schema = crds.find((crd) => crd.spec.names.kind === kind)?.spec.versions[0]?.schema?.openAPIV3Schema;
  for (const name of path) schema = schema?.properties?.[name];
  assert.ok(schema, `${kind} ${path.join('.')}`);
  return schema;
}

/** Messages of the rules at this place that `self` breaks. */
function broken(self: unknown, kind: string, ...path: string[]): string[] {
  const environment = new Environment().registerVariable('self', 'dyn');
  const rules = schemaAt(kind, ...path)['x-kubernetes-validations'] ?? [];
  assert.ok(rules.length > 0);
  return rules
    .filter(({ rule }) => environment.evaluate(rule, { self }) !== true)
    .map(({ message, rule }) => message ?? rule);
}

describe('CEL rules', () => {
  const names = { dnsNames: ['a'] };
  const certificates: [object, RegExp[]][] = [
    [names, []],
    [{ commonName: 'a' }, []],
    [{ literalSubject: 'CN=a' }, []],
    [{ ipAddresses: ['::1'] }, []],
    [{ uris: ['a:b'] }, []],
    [{ emailAddresses: ['a@b'] }, []],
    [{ otherNames: [{}] }, []],
    [{}, [/needs a name/]],
    [{ commonName: '', literalSubject: '', dnsNames: [] }, [/needs a name/]],
    [{ ...names, renewBefore: '1h' }, []],
    [{ ...names, renewBefore: '1h', renewBeforePercentage: 1 }, [/exclude each other/]],
    [{ ...names, isCA: true, nameConstraints: {} }, []],
    [{ ...names, nameConstraints: {} }, [/only a CA/]],
    [{ ...names, isCA: false, nameConstraints: {} }, [/only a CA/]],
  ];
  for (const [spec, messages] of certificates) {
    test(`Certificate ${JSON.stringify(spec)}`, () =>
      matchAll(broken(spec, 'Certificate', 'spec'), messages));
  }

  const renewals: [object, RegExp[]][] = [
    [{ policy: 'Disabled' }, []],
    [{ policy: 'Disabled', windows: [] }, []],
    [{ policy: 'RenewBefore', windows: [{}] }, []],
    [{ policy: 'Disabled', windows: [{}] }, [/windows mean nothing/]],
    [{}, [/set policy/]],
  ];
  for (const [renewal, messages] of renewals) {
    test(`renewal ${JSON.stringify(renewal)}`, () =>
      matchAll(broken(renewal, 'Certificate', 'spec', 'renewal'), messages));
  }

  test('name constraints permit or exclude', () => {
    assert.deepEqual(broken({ permitted: {} }, 'Certificate', 'spec', 'nameConstraints'), []);
    assert.deepEqual(broken({ excluded: {} }, 'Certificate', 'spec', 'nameConstraints'), []);
    assert.equal(broken({ critical: true }, 'Certificate', 'spec', 'nameConstraints').length, 1);
  });

  for (const kind of ['Issuer', 'ClusterIssuer']) {
    test(`${kind} has exactly one section`, () => {
      for (const section of ['acme', 'ca', 'selfSigned', 'vault', 'venafi']) {
        assert.deepEqual(broken({ [section]: {} }, kind, 'spec'), []);
      }
      assert.equal(broken({}, kind, 'spec').length, 1);
      assert.equal(broken({ ca: {}, selfSigned: {} }, kind, 'spec').length, 1);
    });
    test(`${kind} has exactly one Venafi product`, () => {
      assert.deepEqual(broken({ zone: 'z', cloud: {} }, kind, 'spec', 'venafi'), []);
      assert.equal(broken({ zone: 'z', cloud: {}, tpp: {} }, kind, 'spec', 'venafi').length, 1);
    });
  }
});

function matchAll(found: readonly string[], expected: readonly RegExp[]): void {
  assert.equal(found.length, expected.length, found.join('\n'));
  expected.forEach((pattern, index) => assert.match(found[index] ?? '', pattern));
}
