/** What the process remembers of Certificates goes with them, also when they go in the middle of a step. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import { certificates, secrets } from '../../api/resources.ts';
import { heldAccounts } from '../../issuers/acme/open-account.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { FreshObjects } from '../../kube/fresh-objects.ts';
import { acmeSurroundings } from '../acme-surroundings.ts';
import { createClaims } from '../claims.ts';
import { defaultControllerOptions, type ControllerContext } from '../context.ts';
import { unobserved } from '../observer.ts';
import { Fleet } from '../testing/fleet.ts';
import { Reconciler } from './reconcile.ts';
import { createRequestFactsBook } from './request-trim.ts';

const fleet = new Fleet();
after(() => fleet.stop());
const silent = (): void => undefined;

test('a Certificate that is deleted while its Secret is refused leaves nothing behind', async () => {
  await fleet.selfSigned();
  await fleet.start();
  const { informers } = fleet.controllers;
  const issuerSource = {
    client: fleet.client,
    clusterResourceNamespace: 'kube-system',
    now: () => new Date(fleet.clock.now()),
  };
  const acme = acmeSurroundings(issuerSource, informers.orders, heldAccounts);
  const context: ControllerContext = {
    client: fleet.client,
    clock: fleet.clock,
    random: () => 0.5,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    options: { ...defaultControllerOptions },
    issuerTypes: createIssuerTypes(),
    informers,
    synced: Promise.resolve(),
    watch: () => assert.fail('a Certificate needs no cache of its own'),
    claims: createClaims(),
    answers: new FreshObjects(),
    acme,
    acmeAccounts: acme.accounts,
    observer: unobserved,
    events: {
      event: silent,
      flush: () => Promise.resolve(0),
      counts: { sent: 0, limited: 0, dropped: 0, failed: 0 },
    },
  };
  await fleet.certificate('doomed');
  await fleet.settle();
  const reconciler = new Reconciler(context, createRequestFactsBook());
  // The Secret is gone, and while the new one is written the Certificate goes too.
  fleet.client.intercept = ({ verb, kind }) => {
    if (verb === 'apply' && kind === 'Secret') throw new Error('no room');
  };
  await fleet.client.delete(secrets, { namespace: 'shop', name: 'doomed' });
  await fleet.settle();
  await assert.rejects(reconciler.reconcile('shop/doomed'));
  assert.equal(reconciler.remembered, 1, 'the attempt that broke off is remembered');
  const uid =
    (await fleet.client.get<Certificate>(certificates, { namespace: 'shop', name: 'doomed' })).metadata
      ?.uid ?? '';
  reconciler.forget(uid);
  const failing = reconciler.reconcile('shop/doomed');
  await fleet.client.delete(certificates, { namespace: 'shop', name: 'doomed' });
  await failing.catch(silent);
  await fleet.settle();
  assert.equal(informers.certificates.get('shop/doomed'), undefined);
  assert.equal(reconciler.remembered, 0);
});
