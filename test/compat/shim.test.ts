/** Ingresses that cert-manager's ingress-shim has served: taken over without a write, and served the same when they are new. */
import { controllingOwner } from '../../src/api/controlling-owner.ts';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { KubeList, KubeObject } from '../../src/api/meta.ts';
import { ingresses } from '../../src/api/networking.ts';
import { decide } from '../../src/controllers/shim/decide.ts';
import { defaultShimOptions } from '../../src/controllers/shim/options.ts';
import { trimIngress } from '../../src/controllers/shim/shim-object.ts';
import { ShimWorld } from '../embedded/shim/shim-world.ts';

const shared = path.resolve(import.meta.dirname, '../../../shared/fixtures');
const shimManager = 'cert-manager-ingress-shim';

interface Served {
  ingress: KubeObject;
  certificate: Certificate;
}

/** Every Ingress with the Certificate that was made of it; solvers' Ingresses ask for nothing. */
function served(t: TestContext): Served[] {
  if (!existsSync(shared)) {
    t.diagnostic('left out: the shared fixtures of cert-manager 1.21 are not beside this repository');
    return [];
  }
  return ['cert-manager-1.21', 'cert-manager-1.21-acme'].flatMap((folder) => {
    const read = <T>(file: string): T[] =>
      (JSON.parse(readFileSync(path.join(shared, folder, file), 'utf8')) as KubeList<T>).items;
    const certificates = read<Certificate>('certificates.json');
    return read<KubeObject>('ingresses.json').flatMap((ingress) => {
      const certificate = certificates.find(
        (one) => controllingOwner(one.metadata)?.uid === ingress.metadata?.uid,
      );
      return certificate === undefined ? [] : [{ ingress, certificate }];
    });
  });
}

test('what the peer left asks for no write, and not even for a look at who owns what', (t) => {
  for (const { ingress, certificate } of served(t)) {
    const { taken: _taken, ...todo } = decide(
      {
        object: trimIngress(ingress),
        certificate: (name) => (name === certificate.metadata?.name ? certificate : undefined),
        owned: [certificate],
      },
      defaultShimOptions,
    );
    assert.deepEqual(todo, { create: [], change: [], remove: [], warnings: [] });
  }
});

test('given the same Ingress, the same Certificate: names, spec, annotations, owner, and who owns which field', async (t) => {
  const all = served(t);
  if (all.length === 0) return;
  assert.equal(all.length, 2);
  const it = await ShimWorld.start(t);
  for (const { ingress, certificate } of all) {
    const { name, annotations } = ingress.metadata ?? {};
    const { spec } = ingress as unknown as { spec: object };
    await it.put(ingresses, { metadata: { name, namespace: 'shop', annotations }, spec } as KubeObject);
    await it.become('web-tls');
    assert.deepEqual(comparable(await it.certificate('web-tls')), comparable(certificate));
    await it.remove(ingresses, name ?? '');
    await it.become();
  }
});

function comparable({ metadata = {}, spec }: Certificate): unknown {
  const owned = metadata.managedFields?.find(({ manager }) => manager === shimManager);
  const byUid = /"k:\{\\"uid\\":\\"[^"]*\\"\}"/gu;
  return {
    name: metadata.name,
    labels: metadata.labels,
    annotations: metadata.annotations,
    owner: metadata.ownerReferences?.map(({ uid: _uid, ...rest }) => rest),
    spec,
    fields: [owned?.operation, JSON.parse(JSON.stringify(owned?.fieldsV1).replaceAll(byUid, '"k:{}"'))],
  };
}
