/** Ingresses and IngressClasses as kinds of the embedded server: what is refused, what is filled in, what kubectl shows (networking.k8s.io/v1). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer, type Asking } from './server-harness.ts';

const path = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
const classes = '/apis/networking.k8s.io/v1/ingressclasses';
let world: Asking;
before(async () => void (world = await startServer()));
after(() => world.close());

const backend = { service: { name: 'web', port: { number: 80 } } };

function ingress(name: string, spec: object, metadata: object = {}): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, ...metadata }, spec };
}
function atPath(entry: object): object {
  return { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...entry }] } }] };
}

test('an Ingress is stored with an empty status, and its status is a subresource', async () => {
  const made = await world.ask('POST', path, ingress('web', { defaultBackend: backend }));
  assert.equal(made.code, 201);
  assert.deepEqual(made.body['status'], { loadBalancer: {} });
  assert.equal(made.body.metadata?.generation, 1);
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }] } };
  const patched = await world.ask(
    'PATCH',
    `${path}/web/status`,
    { status },
    { 'content-type': 'application/merge-patch+json' },
  );
  assert.deepEqual(
    [patched.code, patched.body['status'], patched.body.metadata?.generation],
    [200, status, 1],
  );
  const patch = { spec: { ingressClassName: 'traefik' }, status: null };
  const changed = await world.ask('PATCH', `${path}/web`, patch, {
    'content-type': 'application/merge-patch+json',
  });
  assert.deepEqual([changed.body['status'], changed.body.metadata?.generation], [status, 2]);
});

const refused: readonly [what: string, object: object, field: string][] = [
  ['neither rules nor a default', ingress('x', {}), 'spec'],
  ['a host that is an address', ingress('x', { rules: [{ host: '10.0.0.1' }] }), 'spec.rules[0].host'],
  ['a host in capitals', ingress('x', { rules: [{ host: 'A.example' }] }), 'spec.rules[0].host'],
  ['an asterisk in the middle', ingress('x', { rules: [{ host: 'a.*.example' }] }), 'spec.rules[0].host'],
  ['no paths', ingress('x', { rules: [{ http: { paths: [] } }] }), 'spec.rules[0].http.paths'],
  ['a relative path', ingress('x', atPath({ path: 'a' })), 'spec.rules[0].http.paths[0].path'],
  ['a path with two slashes', ingress('x', atPath({ path: '/a//b' })), 'spec.rules[0].http.paths[0].path'],
  ['a path that climbs', ingress('x', atPath({ path: '/a/..' })), 'spec.rules[0].http.paths[0].path'],
  [
    'an unknown path type',
    ingress('x', atPath({ pathType: 'Regex' })),
    'spec.rules[0].http.paths[0].pathType',
  ],
  ['an empty backend', ingress('x', { defaultBackend: {} }), 'spec.defaultBackend'],
  [
    'no port',
    ingress('x', { defaultBackend: { service: { name: 'web', port: {} } } }),
    'spec.defaultBackend',
  ],
  [
    'a port that is none',
    ingress('x', { defaultBackend: { service: { name: 'web', port: { number: 70_000 } } } }),
    'spec.defaultBackend.service.port.number',
  ],
  [
    'two kinds of backend',
    ingress('x', { defaultBackend: { ...backend, resource: { kind: 'A', name: 'b' } } }),
    'spec.defaultBackend',
  ],
  [
    'a Secret that is none',
    ingress('x', { defaultBackend: backend, tls: [{ secretName: 'A b' }] }),
    'spec.tls[0].secretName',
  ],
  [
    'a TLS host that is none',
    ingress('x', { defaultBackend: backend, tls: [{ hosts: ['*'] }] }),
    'spec.tls[0].hosts[0]',
  ],
  [
    'a class that is none',
    ingress('x', { defaultBackend: backend, ingressClassName: 'A' }),
    'spec.ingressClassName',
  ],
  [
    'two classes',
    ingress(
      'x',
      { defaultBackend: backend, ingressClassName: 'a' },
      { annotations: { 'kubernetes.io/ingress.class': 'b' } },
    ),
    'annotations.kubernetes.io/ingress.class',
  ],
];
for (const [what, object, field] of refused)
  test(`refused: ${what}`, async () => {
    const { code, body } = await world.ask('POST', path, object);
    assert.equal(code, 422);
    const { causes } = body['details'] as { causes: { field: string }[] };
    assert.ok(
      causes.some((cause) => cause.field === field),
      JSON.stringify(causes),
    );
  });

test('a Secret without a name, wildcards and free paths pass', async () => {
  const spec = {
    rules: [{ host: '*.example.com', http: { paths: [{ pathType: 'ImplementationSpecific', backend }] } }],
    tls: [{ hosts: ['*.example.com'] }],
  };
  assert.equal((await world.ask('POST', path, ingress('free', spec))).code, 201);
});

test('columns as kubectl prints them', async () => {
  const rules = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ host: `${name}.example` }));
  await world.ask('POST', path, ingress('many', { rules, tls: [{ hosts: ['a.example'], secretName: 's' }] }));
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const { body } = await world.ask('GET', path, undefined, accept);
  const table = body as unknown as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
  assert.deepEqual(
    table.columnDefinitions.map(({ name }) => name),
    ['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'],
  );
  const cells = new Map(table.rows.map(({ cells: [name, ...rest] }) => [name, rest.slice(0, 4)]));
  assert.deepEqual(cells.get('many'), ['<none>', 'a.example,b.example,c.example + 2 more...', '', '80, 443']);
  assert.deepEqual(cells.get('web'), ['traefik', '*', '192.0.2.1,lb.example.com', '80']);
});

test('an IngressClass keeps its controller', async () => {
  const spec = { controller: 'traefik.io/ingress-controller', parameters: { kind: 'A', name: 'b' } };
  const made = await world.ask('POST', classes, { metadata: { name: 'traefik' }, spec });
  assert.deepEqual((made.body['spec'] as { parameters: object }).parameters, {
    ...spec.parameters,
    scope: 'Cluster',
  });
  const merge = { 'content-type': 'application/merge-patch+json' };
  const other = await world.ask('PATCH', `${classes}/traefik`, { spec: { controller: 'x.io/y' } }, merge);
  assert.equal(other.code, 422);
  for (const controller of ['', 'traefik', `a.io/${'x'.repeat(250)}`])
    assert.equal(
      (await world.ask('POST', classes, { metadata: { name: 'x' }, spec: { controller } })).code,
      422,
    );
});
