/** The signers at work on the memory client: waiting, waking, writing once, and what others do meanwhile (lifecycle §24). */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { after, test } from 'node:test';
import { requestPrivateKeySecretName } from '../../api/annotations.ts';
import type {
  CertificateSigningRequest,
  SubjectAccessReview,
} from '../../api/certificate-signing-request.ts';
import type { ControllerName } from '../../api/components.ts';
import type { IssuerSpec } from '../../api/issuer.ts';
import {
  certificateSigningRequests as resource,
  clusterIssuers,
  issuers,
  secrets,
  subjectAccessReviews,
} from '../../api/resources.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { ConflictError, ServerError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { encodePem } from '../../pki/pem.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { keyUsageBits } from '../../pki/x509/key-usage.ts';
import { parseCertificates, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';
import { startControllers, type Controllers } from '../manager.ts';
import { base64, byTest, caSecret, newKey } from '../testing/requests.ts';
import { epoch } from '../testing/fleet.ts';
import { WorldClient } from '../testing/world-client.ts';
import { certificateSigningRequestModule } from './controller.ts';

const all: ControllerName[] = [
  'certificatesigningrequests-issuer-ca',
  'certificatesigningrequests-issuer-selfsigned',
];
/** As `openssl req -new` makes it: without usages. */
function csrOf(key: KeyObject, commonName: string): string {
  return base64(encodePem('CERTIFICATE REQUEST', createCsr({ commonName, encodeUsages: false }, key)));
}
const approved = { type: 'Approved', status: 'True' } as const;

class World {
  readonly clock = createFakeClock(epoch, () => this.settle());
  readonly client = new WorldClient(this.clock);
  readonly problems: string[] = [];
  readonly reviews: SubjectAccessReview['spec'][] = [];
  /** Names that requesters may reference. */
  allowed = new Set<string>();
  #controllers: Controllers | undefined;

  async start(enabled = all, namespace?: string): Promise<this> {
    const { client } = this;
    const create = client.create.bind(client);
    client.create = async (type, object, options) => {
      if (type !== subjectAccessReviews) return create(type, object, options);
      const { spec } = object as unknown as SubjectAccessReview;
      this.reviews.push(spec);
      const allowed = this.allowed.has(spec.resourceAttributes.name ?? '');
      return { ...object, status: { allowed } };
    };
    const silent = (): void => undefined;
    this.#controllers = startControllers({
      client,
      clock: this.clock,
      random: () => 0.5,
      log: {
        debug: silent,
        info: silent,
        warn: silent,
        error: (_fields, message) => void this.problems.push(message),
      },
      options: { clusterResourceNamespace: 'cert-manager', namespace },
      issuerTypes: createIssuerTypes(),
      modules: [certificateSigningRequestModule(new Set(enabled))],
    });
    running.push(this.#controllers);
    await this.#controllers.synced;
    await this.settle();
    return this;
  }
  async settle(): Promise<void> {
    let quiet = 0;
    for (let before = this.client.writes.length; quiet < 12; before = this.client.writes.length) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      quiet = this.client.writes.length === before ? quiet + 1 : 0;
    }
  }
  async issuer(name: string, spec: IssuerSpec, namespace?: string): Promise<void> {
    const type = namespace === undefined ? clusterIssuers : issuers;
    await this.client.create(type, { metadata: { name, namespace }, spec } as never, byTest);
    await this.settle();
  }
  async ask(
    name: string,
    spec: Partial<CertificateSigningRequest['spec']> = {},
    annotations: Record<string, string> = {},
    conditions: NonNullable<CertificateSigningRequest['status']>['conditions'] = [approved],
  ): Promise<void> {
    const request: CertificateSigningRequest = {
      metadata: { name, annotations },
      spec: {
        request: csrOf(newKey(), name),
        signerName: 'clusterissuers.cert-manager.io/ca',
        usages: ['digital signature', 'client auth'],
        username: 'alice',
        uid: 'u1',
        groups: ['people'],
        extra: { a: ['b'] },
        ...spec,
      },
      status: { conditions },
    };
    await this.client.create(resource, request, byTest);
    await this.settle();
  }
  async get(name: string): Promise<CertificateSigningRequest> {
    return this.client.get<CertificateSigningRequest>(resource, { name });
  }
  async chain(name: string): Promise<ParsedCertificate[]> {
    const { status } = await this.get(name);
    return parseCertificates(Buffer.from(status?.certificate ?? '', 'base64'));
  }
  async failure(name: string): Promise<string | undefined> {
    return (await this.get(name)).status?.conditions?.find(({ type }) => type === 'Failed')?.reason;
  }
  events(name: string): string[] {
    return this.client.events
      .filter((event) => event.name === name)
      .map(({ type, reason, component }) => `${type} ${reason} ${component.split('-').at(-1)}`);
  }
  writes(name: string): string[] {
    return this.client.writes
      .filter((write) => write.kind === resource.kind && write.name === name && write.manager !== 'test')
      .map(({ verb, subresource, manager }) => `${verb} ${subresource} ${manager}`);
  }
}
const running: Controllers[] = [];
after(async () => {
  for (const controllers of running) await controllers.stop();
});

async function worldWithCa(): Promise<World> {
  const world = await new World().start();
  await world.client.create(secrets, await caSecret('cert-manager', 'root'), byTest);
  await world.issuer('ca', { ca: { secretName: 'root' } });
  return world;
}

test('an approved request is signed in one write, and one event tells', async () => {
  const world = await worldWithCa();
  await world.ask('web', { expirationSeconds: 3600 });
  const [leaf, ...rest] = await world.chain('web');
  assert.equal(leaf?.issuer[0]?.[0]?.value, 'Test CA');
  assert.deepEqual(rest, [], 'the root is no part of the chain, and there is no other place for it');
  assert.equal(leaf.notAfter.getTime() - leaf.notBefore.getTime(), 3_600_000);
  assert.equal(leaf?.keyUsage, keyUsageBits.digitalSignature);
  assert.deepEqual(leaf?.extKeyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.deepEqual(world.events('web'), ['Normal CertificateIssued ca']);
  assert.deepEqual(world.writes('web'), ['patch status cert-manager-certificatesigningrequests-issuer-ca']);
  assert.deepEqual((await world.get('web')).status?.conditions, [approved], 'no condition of ours');
  assert.deepEqual(world.reviews, [], 'a ClusterIssuer is asked about by nobody');
  assert.deepEqual(world.problems, []);
});

test('a request waits for approval, and goes on when it comes', async () => {
  const world = await worldWithCa();
  await world.ask('web', {}, {}, []);
  assert.deepEqual(world.events('web'), ['Normal WaitingApproval ca']);
  const status = { conditions: [approved] };
  await world.client.patch(
    resource,
    { name: 'web' },
    'merge',
    { status },
    { ...byTest, subresource: 'status' },
  );
  await world.settle();
  assert.equal((await world.chain('web')).length, 1);
});

test('issuer, its type, its readiness and its Secret may each come later', async () => {
  const world = await new World().start();
  await world.ask('web');
  await world.issuer('ca', { ca: { secretName: 'root' } });
  await world.client.create(secrets, await caSecret('cert-manager', 'root'), byTest);
  await world.settle();
  assert.equal((await world.chain('web')).length, 1);
  assert.deepEqual(
    [...new Set(world.events('web'))],
    ['Warning IssuerNotFound ca', 'Warning IssuerNotReady ca', 'Normal CertificateIssued ca'],
  );
  assert.equal(await world.failure('web'), undefined);
});

test('a CA Secret that goes after the issuer was ready is an event only, and the request goes on when it is back', async () => {
  const world = await worldWithCa();
  const secret = await caSecret('cert-manager', 'root');
  const get = world.client.get.bind(world.client);
  let gone = true;
  world.client.get = async (type, key) =>
    get(type, gone && type === secrets ? { ...key, name: 'gone' } : key);
  // A version that the signer has not seen makes it read the Secret.
  await world.client.patch(secrets, { namespace: 'cert-manager', name: 'root' }, 'merge', secret, byTest);
  await world.ask('web');
  assert.ok(
    ['Warning SecretMissing ca', 'Warning IssuerNotReady ca'].includes(world.events('web')[0] ?? ''),
    String(world.events('web')),
  );
  assert.equal(await world.failure('web'), undefined);
  gone = false;
  await world.client.patch(
    secrets,
    { namespace: 'cert-manager', name: 'root' },
    'merge',
    { metadata: { labels: { touched: 'yes' } } },
    byTest,
  );
  await world.clock.advance(60_000);
  assert.equal((await world.chain('web')).length, 1);
});

test('a namespaced Issuer is asked about, by name and then for all, with who the API server says it was', async () => {
  const world = await worldWithCa();
  await world.client.create(secrets, await caSecret('shop', 'root'), byTest);
  await world.issuer('own', { ca: { secretName: 'root' } }, 'shop');
  const signerName = 'issuers.cert-manager.io/shop.own';
  await world.ask('denied', { signerName });
  assert.equal(await world.failure('denied'), 'DeniedReference');
  assert.deepEqual(world.events('denied'), ['Warning DeniedReference ca']);
  assert.deepEqual(
    world.reviews.map(({ resourceAttributes }) => resourceAttributes),
    [
      { group: 'cert-manager.io', resource: 'signers', verb: 'reference', namespace: 'shop', name: 'own' },
      { group: 'cert-manager.io', resource: 'signers', verb: 'reference', namespace: 'shop', name: '*' },
    ],
  );
  const { user, uid, groups, extra } = world.reviews[0]!;
  assert.deepEqual(
    { user, uid, groups, extra },
    { user: 'alice', uid: 'u1', groups: ['people'], extra: { a: ['b'] } },
  );
  world.allowed.add('*');
  await world.ask('allowed', { signerName });
  assert.equal((await world.chain('allowed')).length, 1);
  const { status } = await world.get('denied');
  assert.deepEqual(status?.conditions?.[0], approved, 'what an approver said stays');
});

test('when nobody can say whether the reference is allowed, it is asked again, and nothing failed', async () => {
  const world = await worldWithCa();
  await world.issuer('own', { selfSigned: {} }, 'shop');
  const create = world.client.create.bind(world.client);
  world.client.create = (type, object, options) =>
    type === subjectAccessReviews
      ? Promise.reject(new ServerError('no answer'))
      : create(type, object, options);
  await world.ask('web', { signerName: 'issuers.cert-manager.io/shop.own' });
  assert.equal(await world.failure('web'), undefined);
  assert.equal(world.problems.length, 1);
  world.client.create = create;
  await world.clock.advance(10_000);
  assert.equal(await world.failure('web'), 'DeniedReference');
});

/** A request for the self-signed issuer, with its key in the Secret that is named. */
async function askSelfSigned(
  world: World,
  name: string,
  secret: { key?: KeyObject | string; named?: string },
): Promise<void> {
  const key = newKey();
  const annotations: Record<string, string> =
    secret.named === undefined ? {} : { [requestPrivateKeySecretName]: secret.named };
  if (secret.key !== undefined && secret.named !== undefined) {
    const pem = typeof secret.key === 'string' ? secret.key : encodePrivateKey(secret.key);
    const object = {
      metadata: { namespace: 'cert-manager', name: secret.named },
      data: { 'tls.key': base64(pem) },
    };
    await world.client.create(secrets, object, byTest);
  }
  const signing = secret.key === undefined || typeof secret.key === 'string' ? key : secret.key;
  await world.ask(
    name,
    { signerName: 'clusterissuers.cert-manager.io/self', request: csrOf(signing, name) },
    annotations,
  );
}

test('a self-signed request brings its key in a Secret of the issuer namespace', async () => {
  const world = await new World().start();
  await world.issuer('self', { selfSigned: {} });
  await askSelfSigned(world, 'good', { key: newKey(), named: 'key' });
  const [leaf] = await world.chain('good');
  assert.ok(leaf?.issuerDer.equals(leaf.subjectDer));
  assert.deepEqual(world.events('good'), ['Normal CertificateIssued selfsigned']);

  await askSelfSigned(world, 'unnamed', {});
  assert.equal(await world.failure('unnamed'), 'MissingAnnotation');
  const { message } = (await world.get('unnamed')).status!.conditions!.at(-1)!;
  assert.match(message ?? '', /"experimental\.cert-manager\.io\/private-key-secret-name" missing/);

  await askSelfSigned(world, 'garbage', { key: 'nothing', named: 'garbage' });
  assert.deepEqual(world.events('garbage'), ['Warning ErrorParsingKey selfsigned']);
  assert.equal(await world.failure('garbage'), undefined);

  await askSelfSigned(world, 'foreign', { named: 'key' });
  assert.equal(await world.failure('foreign'), 'ErrorKeyMatch');

  await askSelfSigned(world, 'early', { named: 'late' });
  assert.deepEqual(world.events('early'), ['Warning SecretNotFound selfsigned']);
  const object = {
    metadata: { namespace: 'cert-manager', name: 'late' },
    data: { 'tls.key': base64(encodePrivateKey(newKey())) },
  };
  await world.client.create(secrets, object, byTest);
  await world.settle();
  assert.equal(await world.failure('early'), 'ErrorKeyMatch', 'the Secret has woken it');
  assert.deepEqual(world.problems, []);
});

test('a request that is no CSR fails for ever', async () => {
  const world = await worldWithCa();
  await world.ask('bad', { request: base64('hello') });
  assert.equal(await world.failure('bad'), 'SigningError');
  assert.deepEqual(world.events('bad'), ['Warning SigningError ca']);
});

test('a CA gets no cert sign of itself, but when it asks for it', async () => {
  const world = await worldWithCa();
  const annotations = { 'experimental.cert-manager.io/request-is-ca': 'true' };
  await world.ask('plain', {}, annotations);
  const [plain] = await world.chain('plain');
  assert.deepEqual([plain?.isCA, plain?.keyUsage], [true, keyUsageBits.digitalSignature]);
  await world.ask('signing', { usages: ['cert sign'] }, annotations);
  assert.equal((await world.chain('signing'))[0]?.keyUsage, keyUsageBits.certSign);
});

test('somebody else writes first: the conflict leads to another look, and one certificate is stored', async () => {
  const world = await worldWithCa();
  let lost = 0;
  world.client.intercept = ({ kind, subresource, manager }) => {
    if (kind === resource.kind && subresource === 'status' && manager !== 'test' && lost++ === 0)
      throw new ConflictError('was modified');
  };
  await world.ask('web');
  await world.clock.advance(10_000);
  assert.equal(lost, 2);
  assert.equal((await world.chain('web')).length, 1);
  const { status } = await world.get('web');
  await world.clock.advance(600_000);
  assert.deepEqual((await world.get('web')).status, status, 'never signed twice');
  assert.deepEqual(world.problems, []);
});

test('a request that is closed while it is signed gets no certificate', async () => {
  const world = await worldWithCa();
  const failed = { type: 'Failed', status: 'True', reason: 'Elsewhere' } as const;
  let between = 0;
  world.client.intercept = ({ kind, subresource, manager }) => {
    if (kind !== resource.kind || subresource !== 'status' || manager === 'test' || between++ > 0) return;
    const status = { conditions: [approved, failed] };
    void world.client.patch(resource, { name: 'web' }, 'merge', { status }, { ...byTest, subresource });
  };
  await world.ask('web');
  await world.clock.advance(10_000);
  assert.equal(between, 1);
  assert.deepEqual((await world.get('web')).status, { conditions: [approved, failed] });
});

test('signers that are not named leave requests alone, and with one namespace none is looked at', async () => {
  const world = await new World().start(['certificatesigningrequests-issuer-selfsigned']);
  await world.client.create(secrets, await caSecret('cert-manager', 'root'), byTest);
  await world.issuer('ca', { ca: { secretName: 'root' } });
  await world.ask('web');
  assert.deepEqual(world.writes('web'), []);
  assert.deepEqual(world.events('web'), []);

  const narrow = await new World().start(all, 'shop');
  await narrow.ask('web');
  assert.deepEqual(narrow.events('web'), []);
});
