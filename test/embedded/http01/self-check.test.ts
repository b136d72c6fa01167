/** The self-check against real listeners: what each view sees, which is trusted, and what a person is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestListener } from 'node:http';
import { ingresses } from '../../../src/api/networking.ts';
import type { Challenge } from '../../../src/api/challenge.ts';
import type { Ingress } from '../../../src/api/routes.ts';
import { pods, type Pod } from '../../../src/api/workloads.ts';
import type { CheckResult, Solver } from '../../../src/solvers/solver.ts';
import { answers, Http01World, key, namespace, token, view, with404 } from './http01-world.ts';

const at = { resourceNamespace: namespace, ambient: false };
const publicAddress = '203.0.113.5';
const insideAddress = '10.0.0.80';
const podAddress = '10.244.0.7';

interface Presented {
  world: Http01World;
  challenge: Challenge;
  solver: Solver;
  check: () => Promise<CheckResult>;
}

/** A solver Pod that runs and an Ingress that has an address; the name leads to the public one. */
async function presented(
  t: Parameters<typeof Http01World.start>[0],
  options: { publicResolver?: string; nameservers?: string[] } = {},
): Promise<Presented> {
  const world = await Http01World.start(t, { http01: options });
  const challenge = await world.challenge({ ingress: { ingressClassName: 'traefik' } });
  const solver = world.solver();
  await solver.present({ challenge, ...at });
  world.names.set('www.example.com', [publicAddress]);
  const check = async (): Promise<CheckResult> => {
    await world.synced();
    await solver.present({ challenge, ...at });
    return solver.check({ challenge, ...at });
  };
  return { world, challenge, solver, check };
}

async function running({ world }: Presented): Promise<void> {
  const [pod] = await world.list<Pod>(pods);
  const write = { fieldManager: 'kubelet', subresource: 'status' } as const;
  await world.user.update(pods, { ...pod, status: { phase: 'Running', podIP: podAddress } }, write);
  const [ingress] = await world.list<Ingress>(ingresses);
  const status = { loadBalancer: { ingress: [{ ip: insideAddress }] } };
  await world.user.update(ingresses, { ...ingress, status }, write);
  await world.serve(podAddress, 8089, answers);
  await world.serve(insideAddress, 80, answers);
}

test('the name answers: every view is told, and that is enough', async (t) => {
  const it = await presented(t);
  await running(it);
  await it.world.serve(publicAddress, 80, answers);
  const result = await it.check();
  assert.deepEqual(
    result.views.map((one) => [one.view, one.passed, one.trusted]),
    [
      ['direct', true, false],
      ['route', true, false],
      ['name', true, true],
    ],
  );
  assert.equal(result.passed, true);
  assert.equal(result.problem, '');
  assert.ok((result.settleMs ?? 0) > 0);
});

test('nothing is up yet: the Pod is told to be at fault', async (t) => {
  const it = await presented(t);
  const { world, check } = it;
  const [pod] = await world.list<Pod>(pods);
  const waiting = { name: 'acmesolver', state: { waiting: { reason: 'ImagePullBackOff' } } };
  await world.user.update(
    pods,
    { ...pod, status: { phase: 'Pending', containerStatuses: [waiting] } },
    { fieldManager: 'kubelet', subresource: 'status' },
  );
  const result = await check();
  assert.equal(result.passed, false);
  assert.match(result.problem, /www\.example\.com 203\.0\.113\.5 refuses the connection/);
  assert.match(
    result.problem,
    /Pod shop\/cm-acme-http-solver-\w+ has no address yet: it is Pending \(ImagePullBackOff\)/,
  );
  assert.match(view(result, 'route')?.answer ?? '', /Ingress shop\/\S+ has no address in its status/);
});

test('no way back in from here (NAT without hairpin): the route is trusted, and the Challenge says so', async (t) => {
  const it = await presented(t);
  await running(it);
  const result = await it.check();
  assert.equal(result.passed, true, result.problem);
  assert.deepEqual(
    result.views.map((one) => [one.view, one.passed, one.trusted]),
    [
      ['direct', true, false],
      ['route', true, true],
      ['name', false, false],
    ],
  );
  assert.match(view(result, 'name')?.answer ?? '', /not held against the Challenge: .*NAT without hairpin/);
});

test('somebody else answers at the name: never argued away, and the words name both sides', async (t) => {
  const it = await presented(t);
  await running(it);
  await it.world.serve(publicAddress, 80, with404);
  const result = await it.check();
  assert.equal(result.passed, false);
  assert.match(result.problem, /203\.0\.113\.5 answers 404 instead of 200/);
  assert.match(
    result.problem,
    /Ingress shop\/\S+ at 10\.0\.0\.80 answers rightly, so the name leads to another server/,
  );
  assert.ok(!result.problem.includes('nothing here'), 'a foreign body is told');
});

test('a name that leads to a dead private address is a wrong record, not a missing hairpin', async (t) => {
  const it = await presented(t);
  await running(it);
  it.world.names.set('www.example.com', ['10.99.0.1']);
  const result = await it.check();
  assert.equal(result.passed, false);
  assert.match(result.problem, /the name leads elsewhere \(10\.99\.0\.1\)/);
});

test('split DNS: the public resolver knows better than this network', async (t) => {
  const it = await presented(t, { publicResolver: '192.0.2.53:53' });
  await running(it);
  it.world.names.delete('www.example.com');
  const unknown = await it.check();
  assert.equal(unknown.passed, false);
  assert.match(unknown.problem, /Create its A or AAAA record; where only this network does not know it/);

  it.world.names.set('public:www.example.com', [publicAddress]);
  await it.world.serve(publicAddress, 80, answers);
  const result = await it.check();
  assert.equal(result.passed, true, result.problem);
  assert.equal(view(result, 'public')?.trusted, true);
  assert.equal(view(result, 'name')?.passed, false);

  // The inside of a split answers with something of its own: the CA asks outside.
  it.world.names.set('www.example.com', ['10.1.1.1']);
  await it.world.serve('10.1.1.1', 80, with404);
  assert.equal((await it.check()).passed, true);
});

test('name servers of the flag decide where the name leads, and the resolver of the machine does not', async (t) => {
  const it = await presented(t, { nameservers: ['192.0.2.53:53'] });
  await running(it);
  it.world.names.set('www.example.com', ['10.1.1.1']);
  await it.world.serve('10.1.1.1', 80, with404);
  it.world.names.set('public:www.example.com', [publicAddress]);
  await it.world.serve(publicAddress, 80, answers);
  const result = await it.check();
  assert.equal(result.passed, true, result.problem);
  assert.equal(view(result, 'public'), undefined);
  assert.equal(view(result, 'name')?.passed, true);
});

test('one wrong address among several spoils the name; one that is not reached does not', async (t) => {
  const it = await presented(t);
  await running(it);
  await it.world.serve(publicAddress, 80, answers);
  it.world.names.set('www.example.com', [publicAddress, '2001:db8::5']);
  assert.equal((await it.check()).passed, true);
  await it.world.serve('2001:db8::5', 80, with404);
  const result = await it.check();
  assert.equal(result.passed, false);
  assert.match(result.problem, /2001:db8::5 answers 404/);
});

test('a replica behind the name that does not know of the route yet is found', async (t) => {
  const it = await presented(t);
  await running(it);
  let asked = 0;
  await it.world.serve(publicAddress, 80, (request, response) =>
    (++asked % 3 === 0 ? with404 : answers)(request, response),
  );
  assert.equal((await it.check()).passed, false);
});

for (const [name, answer, words] of [
  [
    'a redirect without end',
    (_q, r) => void r.writeHead(302, { Location: '/again' }).end(),
    /redirects more than 10 times/,
  ],
  [
    'a redirect to a metadata server',
    (_q, r) => void r.writeHead(302, { Location: 'http://169.254.169.254/latest' }).end(),
    /address that is not asked: 169\.254\.169\.254/,
  ],
  [
    'a redirect to this machine',
    (_q, r) => void r.writeHead(301, { Location: 'http://127.0.0.1:10250/pods' }).end(),
    /not asked: 127\.0\.0\.1 is this machine/,
  ],
  [
    'the same in another spelling',
    (_q, r) => void r.writeHead(301, { Location: 'http://0x7f000001/' }).end(),
    /not asked: 127\.0\.0\.1 is this machine/,
  ],
  [
    'a redirect to a file',
    (_q, r) => void r.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
    /neither http nor https/,
  ],
  [
    'a redirect to a name without address',
    (_q, r) => void r.writeHead(302, { Location: 'http://gone.example.com/' }).end(),
    /redirects to gone\.example\.com, which has no address/,
  ],
  [
    'another text',
    (_q, r) => void r.end(`${token}.another`),
    /answers 200 with something that is not the challenge/,
  ],
  ['a body without end', (_q, r) => pour(r), /more than 1024 bytes/],
] as const satisfies readonly (readonly [string, RequestListener, RegExp])[])
  test(`at the name stands ${name}`, async (t) => {
    const it = await presented(t);
    await running(it);
    await it.world.serve(publicAddress, 80, answer);
    const result = await it.check();
    assert.equal(result.passed, false);
    assert.match(result.problem, words);
    assert.ok(!result.problem.includes(key) && !JSON.stringify(result.views).includes(key));
  });

test('a redirect to another host is followed, as CAs do', async (t) => {
  const it = await presented(t);
  await running(it);
  const path = `/.well-known/acme-challenge/${token}`;
  await it.world.serve(
    publicAddress,
    80,
    (request, response) =>
      void response.writeHead(308, { Location: `http://acme.example.com:8080${request.url}` }).end(),
  );
  it.world.names.set('acme.example.com', ['203.0.113.9']);
  let host: string | undefined;
  await it.world.serve('203.0.113.9', 8080, (request, response) => {
    host = request.headers.host;
    // White space after the answer is to be ignored (RFC 8555 §8.3).
    response.writeHead(request.url === path ? 200 : 404).end(`${key}\r\n`);
  });
  const result = await it.check();
  assert.equal(result.passed, true, result.problem);
  assert.equal(host, 'acme.example.com:8080');
});

test('through the proxy of the environment', async (t) => {
  const { world, challenge } = await presented(t);
  let asked: string | undefined;
  await world.serve('192.0.2.8', 3128, (request, response) => {
    asked = request.url;
    response.end(key);
  });
  const proxied = world.solver({ environment: { HTTP_PROXY: 'http://192.0.2.8:3128' } });
  const result = await proxied.check({ challenge, ...at });
  assert.equal(result.passed, true, result.problem);
  assert.equal(asked, `http://www.example.com/.well-known/acme-challenge/${token}`);
});

function pour(response: Parameters<RequestListener>[1]): void {
  const block = 'x'.repeat(64 * 1024);
  const more = (): void => {
    while (!response.destroyed && response.write(block));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}
