/** The certificate controllers: from nothing to Ready, adoption after a restart, hostile writers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  secrets,
} from '../../src/api/resources.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { openApi, type ApiUnderTest } from '../servers/api-under-test.ts';

const write = { fieldManager: 'test' };
const ignore = (): void => undefined;

/** Asks again in later turns of the event loop until it holds. */
async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`not within 10 s: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('certificates, controllers on the wall clock', () => {
  let server: ApiUnderTest;
  let client: KubeClient;
  let controllers: Controllers;
  const problems: object[] = [];
  const start = async (): Promise<void> => {
    controllers = startControllers({
      client,
      clock: systemClock,
      random: Math.random,
      log: { debug: ignore, info: ignore, warn: ignore, error: (fields) => void problems.push(fields) },
      issuerTypes: createIssuerTypes(),
    });
    await controllers.synced;
  };
  const get = (name: string): Promise<Certificate> =>
    client.get(certificates, { namespace: 'default', name });
  const ready = async (name: string, revision: number): Promise<void> =>
    eventually(
      () => controllers.informers.certificates.get(`default/${name}`)?.status?.revision === revision,
      `${name} reaches revision ${revision}`,
    );
  const certificate = (name: string, spec: Partial<Certificate['spec']> = {}): Promise<Certificate> =>
    client.create<Certificate>(
      certificates,
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        metadata: { name, namespace: 'default' },
        spec: {
          secretName: name,
          commonName: name,
          privateKey: { algorithm: 'ECDSA', size: 256 },
          issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
          ...spec,
        },
      },
      write,
    );

  before(async () => {
    server = await openApi({ dataDir: ':memory:', fresh: true, now: () => systemClock.now() });
    client = server.client();
    await start();
    const issuer = (name: string, spec: object): Promise<unknown> =>
      client.create(
        clusterIssuers,
        { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name }, spec } as never,
        write,
      );
    await issuer('selfsigned', { selfSigned: {} });
    await issuer('ca', { ca: { secretName: 'root' } });
    const root = {
      isCA: true,
      secretName: 'root',
      commonName: 'root',
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: { name: 'selfsigned', kind: 'ClusterIssuer' },
    } as const;
    const object: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'root', namespace: 'kube-system' },
      spec: root,
    };
    await client.create<Certificate>(certificates, object, write);
    await eventually(
      () => controllers.informers.clusterIssuers.get('ca')?.status?.conditions?.[0]?.status === 'True',
      'the CA is ready once its Certificate is',
    );
  });
  after(async () => {
    await controllers.stop();
    await server.close();
  });

  it('issues, with at most four events', async () => {
    await certificate('web', {
      dnsNames: ['web.example.com'],
      keystores: { pkcs12: { create: true, password: 'changeit' } },
    });
    await ready('web', 1);
    const secret = await client.get<Secret>(secrets, { namespace: 'default', name: 'web' });
    checkSecret(secret);
    assert.ok(secret.data?.['keystore.p12']);
    const request = await client.get<CertificateRequest>(certificateRequests, {
      namespace: 'default',
      name: 'web-1',
    });
    assert.deepEqual(
      request.status?.conditions?.map(({ type, status }) => `${type} ${status}`),
      ['Approved True', 'Ready True'],
    );
    let told: Event[] = [];
    await eventually(async () => {
      const { items } = await client.list<Event>(events, { namespace: 'default' });
      told = items.filter(({ involvedObject }) => involvedObject.name?.startsWith('web') === true);
      return told.length >= 4;
    }, 'the events are written');
    const count = (wanted: string): number => told.filter(({ reason }) => reason === wanted).length;
    assert.deepEqual(['Issuing', 'Requested', 'CertificateIssued'].map(count), [2, 1, 1]);
    assert.equal(told.length, 4);
  });

  it('re-issues on a change, prunes, and repairs without re-issuing', async () => {
    await certificate('changing', { dnsNames: ['a.example.com'] });
    await ready('changing', 1);
    await client.patch(
      certificates,
      { namespace: 'default', name: 'changing' },
      'merge',
      { spec: { dnsNames: ['b.example.com'] } },
      write,
    );
    await ready('changing', 2);
    const one = async (): Promise<boolean> => {
      const { items } = await client.list(certificateRequests, { namespace: 'default' });
      return items.filter(({ metadata }) => metadata?.name?.startsWith('changing-')).length === 1;
    };
    await eventually(one, 'the old request is pruned');
    const template = { spec: { secretTemplate: { labels: { team: 'web' } } } };
    await client.patch(certificates, { namespace: 'default', name: 'changing' }, 'merge', template, write);
    await eventually(
      () => controllers.informers.secrets.get('default/changing')?.labels['team'] === 'web',
      'the label arrives',
    );
    await client.patch(
      certificates,
      { namespace: 'default', name: 'changing' },
      'merge',
      { spec: { secretTemplate: null } },
      write,
    );
    await eventually(
      () => controllers.informers.secrets.get('default/changing')?.labels['team'] === undefined,
      'the label goes',
    );
    assert.equal((await get('changing')).status?.revision, 2);
  });

  it('restarts without writing anything', async () => {
    const versions = async (): Promise<string[]> => {
      const lists = await Promise.all(
        [certificates, certificateRequests, secrets].map((type) => client.list(type)),
      );
      return lists.flatMap(({ items }) =>
        items.map(({ metadata }) => `${metadata?.uid} ${metadata?.resourceVersion}`),
      );
    };
    await controllers.stop();
    const before = await versions();
    await start();
    const done = await Promise.all(['web', 'changing'].map((name) => controllers.explain(`default/${name}`)));
    assert.deepEqual(
      done.map((decision) => decision?.reason),
      ['UpToDate', 'UpToDate'],
    );
    assert.deepEqual(await versions(), before);
  });

  it('names the field manager that keeps destroying a certificate, and serves the others', async () => {
    await certificate('victim', { dnsNames: ['victim.example.com'] });
    await ready('victim', 1);
    const scribble = { data: { 'tls.crt': Buffer.from('scribble').toString('base64') } };
    const hurt = (): string | undefined =>
      controllers.informers.certificates
        .get('default/victim')
        ?.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    await eventually(async () => {
      await client.patch(secrets, { namespace: 'default', name: 'victim' }, 'merge', scribble, {
        fieldManager: 'vandal',
      });
      return hurt()?.includes('field manager "vandal"') ?? false;
    }, 'the condition names the vandal');
    assert.ok(((await get('victim')).status?.revision ?? 0) <= 7);
    await certificate('bystander', { dnsNames: ['bystander.example.com'] });
    await ready('bystander', 1);
    assert.deepEqual(problems, []);
  });
});
