/** Requests that have the name of one in work on the fast path: left alone meanwhile, and not forgotten afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { certificateRequests } from '../../api/resources.ts';
import { createClaims } from '../claims.ts';
import { Fleet } from '../testing/fleet.ts';
import { csrOf, getRequest, newKey, readyOf } from '../testing/requests.ts';

test("somebody else's request that takes the name of a claimed one is looked at once the claim is released", async (t) => {
  const fleet = new Fleet();
  t.after(() => fleet.stop());
  await fleet.selfSigned('self');
  await fleet.start();
  const theirs: CertificateRequest = {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'theirs' },
    spec: { issuerRef: { name: 'absent', kind: 'ClusterIssuer' }, request: csrOf(newKey(), 'theirs') },
  };
  const during = Promise.withResolvers<string>();
  let asked = false;
  const { client } = fleet;
  const create = client.create.bind(client);
  client.create = async (type, object, options) => {
    if (type.plural === 'certificaterequests' && !asked) {
      asked = true;
      client.load(certificateRequests, theirs);
      await fleet.settle();
      during.resolve(await readyOf(fleet, 'web-1'));
    }
    return create(type, object, options);
  };
  await fleet.certificate('web', { issuerRef: { name: 'self', kind: 'ClusterIssuer' } });
  assert.equal(await during.promise, 'none', 'seen under the claim, hence left alone');
  await fleet.settle();
  assert.equal((await getRequest(fleet, 'web-1')).metadata?.uid, 'theirs');
  assert.match(await readyOf(fleet, 'web-1'), /^False\/Pending: Referenced ClusterIssuer "absent" not found/);
});

test('whoever listens is told of the end of a claim once, with the request that was made under it', () => {
  const claims = createClaims();
  const told: unknown[] = [];
  claims.onRelease((...args) => told.push([...args, claims.isClaimed(args[0], args[1])]));
  claims.claim('shop', 'web-1');
  claims.release('shop', 'web-1', 'uid-1');
  claims.release('shop', 'web-1', 'uid-1');
  assert.deepEqual(told, [['shop', 'web-1', 'uid-1', false]]);
});
