/** Whatever is thrown at the API: an answer that names object and field, soon, and everybody else is served. */
import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { after, before, test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Agent } from 'undici';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import type { Listening } from '../../src/standalone/server.ts';
import { asker, type Answer } from './server-harness.ts';
import { StandaloneWorld } from './standalone-world.ts';

/** Far more than any of these takes, far less than one that grows with the square of its size. */
const patienceMs = 5_000;
const json = { 'content-type': 'application/json' };
const yaml = { 'content-type': 'application/yaml' };
const certificatesPath = '/apis/cert-manager.io/v1/namespaces/shop/certificates';
const requestsPath = '/apis/cert-manager.io/v1/namespaces/shop/certificaterequests';
const configMapsPath = '/api/v1/namespaces/shop/configmaps';
const secretsPath = '/api/v1/namespaces/shop/secrets';

let world: StandaloneWorld;
let listening: Listening;
let ended: (() => unknown)[] = [];

before(async () => {
  const cleanUps = { after: (hook: () => unknown) => void ended.push(hook) } as unknown as TestContext;
  world = await StandaloneWorld.start(cleanUps);
  await world.clusterIssuer('selfsigned', { selfSigned: {} });
  listening = await world.server.listen({ kubeconfig: false });
});
after(async () => {
  for (const end of ended.splice(0)) await end();
});

const certificate = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'bad', ...metadata },
  spec: {
    secretName: 'bad',
    commonName: 'bad',
    issuerRef: { name: 'selfsigned', kind: 'ClusterIssuer' },
    ...spec,
  },
});
const configMap = (data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'bad', ...metadata },
  data,
});
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const text = (value: unknown): string => JSON.stringify(value);
const aliases = Array.from(
  { length: 12 },
  (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1},`.repeat(9)}]`,
);

interface Attack {
  what: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body: string | Uint8Array;
  code: number;
  says: RegExp;
}

const attacks: Attack[] = [
  {
    what: 'annotations of 1 MiB',
    path: certificatesPath,
    body: text(certificate({}, { annotations: { big: 'x'.repeat(1 << 20) } })),
    code: 422,
    says: /Certificate.*"bad".*metadata\.annotations/,
  },
  {
    what: 'a field nobody knows, when strictness is asked for',
    path: `${certificatesPath}?fieldValidation=Strict`,
    body: text(certificate({ secretname: 'x' })),
    code: 400,
    says: /unknown field "spec\.secretname"/,
  },
  {
    what: 'a string for a list',
    path: certificatesPath,
    body: text(certificate({ dnsNames: 'x' })),
    code: 422,
    says: /"bad".*spec\.dnsNames/,
  },
  {
    what: 'a number for a name',
    path: certificatesPath,
    body: text(certificate({ secretName: 7 })),
    code: 422,
    says: /spec\.secretName/,
  },
  {
    what: 'a list for the spec',
    path: certificatesPath,
    body: text({ ...certificate({}), spec: [] }),
    code: 422,
    says: /spec/,
  },
  {
    what: 'a name that leads elsewhere',
    path: certificatesPath,
    body: text(certificate({}, { name: '../../etc/passwd' })),
    code: 422,
    says: /metadata\.name/,
  },
  {
    what: 'a Secret name that leads elsewhere',
    path: certificatesPath,
    body: text(certificate({ secretName: '../x' })),
    code: 403,
    says: /spec\.secretName/,
  },
  {
    what: 'labels that are no labels',
    path: certificatesPath,
    body: text(certificate({}, { labels: { 'a b': 'c\nd' } })),
    code: 422,
    says: /metadata\.labels/,
  },
  {
    what: 'a prototype for a field',
    path: configMapsPath,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":{"__proto__":{"a":"b"}}}',
    code: 422,
    says: /data/,
  },
  {
    what: 'objects in objects, a hundred thousand deep',
    path: configMapsPath,
    body: deep(100_000),
    code: 400,
    says: /nested deeper than 100/,
  },
  {
    what: 'lists in lists, as YAML',
    path: configMapsPath,
    headers: yaml,
    body: `a: ${'['.repeat(50_000)}`,
    code: 400,
    says: /neither JSON nor YAML|nested/,
  },
  {
    what: 'aliases of aliases',
    path: configMapsPath,
    headers: yaml,
    body: aliases.join('\n'),
    code: 400,
    says: /YAML.*alias/i,
  },
  {
    what: 'bytes that are no UTF-8',
    path: configMapsPath,
    body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    code: 400,
    says: /UTF-8/,
  },
  {
    what: 'half an object',
    path: configMapsPath,
    body: '{"apiVersion":"v1",',
    code: 400,
    says: /not valid JSON/,
  },
  { what: 'no object', path: configMapsPath, body: '"v1"', code: 400, says: /must be a JSON object/ },
  {
    what: 'more than a body may have',
    path: configMapsPath,
    body: text(configMap({ a: 'x'.repeat(4 << 20) })),
    code: 413,
    says: /too large/i,
  },
  {
    what: 'a hundred thousand lines of nonsense',
    path: configMapsPath,
    headers: yaml,
    body: '- {\n'.repeat(100_000),
    code: 400,
    says: /YAML/,
  },
  {
    what: 'data that is no base64',
    path: secretsPath,
    body: text({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' }, data: { 'tls.crt': '%%%' } }),
    code: 422,
    says: /data\[?.*tls\.crt/,
  },
  {
    what: 'a kind that does not belong here',
    path: configMapsPath,
    body: text({ ...configMap({}), kind: 'Secret' }),
    code: 400,
    says: /Secret/,
  },
  {
    what: 'a patch of a hundred thousand steps',
    method: 'PATCH',
    headers: { 'content-type': 'application/json-patch+json' },
    path: `${configMapsPath}/there`,
    body: text(Array.from({ length: 100_000 }, () => ({ op: 'copy', from: '/data', path: '/data/x' }))),
    code: 413,
    says: /operations|too large/i,
  },
  {
    what: 'a patch of prototypes',
    method: 'PATCH',
    headers: { 'content-type': 'application/json-patch+json' },
    path: `${configMapsPath}/there`,
    body: text([{ op: 'add', path: '/__proto__/polluted', value: 'yes' }]),
    code: 422,
    says: /__proto__|path/,
  },
  {
    what: 'a CSR that is none',
    path: requestsPath,
    body: text({
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      metadata: { name: 'bad' },
      spec: { request: Buffer.from('nonsense').toString('base64'), issuerRef: { name: 'selfsigned' } },
    }),
    code: 403,
    says: /spec\.request/,
  },
  {
    what: 'a PEM bomb for a CSR',
    path: requestsPath,
    body: text({
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      metadata: { name: 'bad' },
      spec: {
        request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(20_000)).toString('base64'),
        issuerRef: { name: 'selfsigned' },
      },
    }),
    code: 403,
    says: /spec\.request/,
  },
];

function overTls(): { ask: ReturnType<typeof asker>; close(): Promise<void> } {
  const agent = new Agent({ connect: { ca: listening.ca } });
  return { ask: asker(agent, listening.url, listening.token), close: () => agent.close() };
}

async function othersAreServed(name: string): Promise<void> {
  await world.certificate(name, { commonName: name });
  assert.equal((await world.condition(name, 'Ready'))?.status, 'True');
  checkSecret(await world.secret(name));
}

test('each is refused with its name, in process and over TLS, and changes nothing', async (t) => {
  const inProcess = asker(world.server.dispatcher());
  const tls = overTls();
  t.after(() => tls.close());
  assert.equal((await inProcess('POST', configMapsPath, configMap({ a: 'b' }, { name: 'there' }))).code, 201);
  for (const attack of attacks) {
    for (const [door, ask] of [
      ['in process', inProcess],
      ['over TLS', tls.ask],
    ] as const) {
      await t.test(`${attack.what}, ${door}`, async () => {
        const begun = performance.now();
        const { method = 'POST', headers = json, path, body } = attack;
        const answer: Answer = await ask(method, path, body, headers);
        const message = String(answer.body['message']);
        assert.equal(answer.code, attack.code, message.slice(0, 500));
        assert.match(message, attack.says);
        assert.ok(message.length < 8_192, `a message of ${message.length} characters`);
        assert.ok(performance.now() - begun < patienceMs, `${performance.now() - begun} ms`);
      });
    }
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  for (const path of [certificatesPath, requestsPath, configMapsPath, secretsPath])
    assert.equal((await inProcess('GET', `${path}/bad`)).code, 404, 'nothing was stored');
  assert.deepEqual((await inProcess('GET', `${configMapsPath}/there`)).body['data'], { a: 'b' });
  await othersAreServed('after-refusals');
});

test('nonsense below HTTP: huge headers, half-open connections, bytes that are no TLS', async (t) => {
  const tls = overTls();
  t.after(() => tls.close());
  const huge = await tls.ask('GET', configMapsPath, undefined, { 'x-huge': 'x'.repeat(64 << 10) });
  assert.equal(huge.code, 431);
  const { port, host, ca } = listening;
  const sockets = [];
  for (let i = 0; i < 50; i++) {
    const half = connectTls({ port, host, ca });
    await once(half, 'secureConnect');
    half.write('POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n');
    sockets.push(half);
    const raw = connectTcp({ port, host });
    raw.on('error', () => undefined);
    await once(raw, 'connect');
    raw.write(Buffer.alloc(512, 0x41 + (i % 26)));
    sockets.push(raw);
  }
  assert.equal((await tls.ask('GET', certificatesPath)).code, 200);
  await othersAreServed('beside-half-open');
  for (const socket of sockets) socket.destroy();
  assert.equal((await tls.ask('GET', '/readyz')).code, 200);
});
