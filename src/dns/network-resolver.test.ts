import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { suite, test } from 'node:test';
import packet from 'dns-packet';
import { Agent, type Dispatcher } from 'undici';
import type { DnsClock } from './clock.ts';
import { DnsConfigurationError, DomainNameError, NoAnswerError } from './errors.ts';
import { createNetworkResolver } from './network-resolver.ts';
import type { DnsResolver } from './resolver.ts';
import { startDnsServer, txt } from './testing/dns-server.ts';

/** A clock whose time-outs come when the test says so, or at once. */
const patient: DnsClock = { now: () => 0, after: () => ({ cancel: () => undefined }) };
const hasty: DnsClock = {
  now: () => 0,
  after(_, task) {
    const immediate = setImmediate(task);
    return { cancel: () => clearImmediate(immediate) };
  },
};
const resolverWith = (clock: DnsClock, dispatcherFor?: (url: URL) => Dispatcher): DnsResolver =>
  createNetworkResolver({
    clock,
    randomId: () => 99,
    ...(dispatcherFor === undefined ? {} : { dispatcherFor }),
  });

const name = 'a.example.';
const texts = async (resolver: DnsResolver, servers: string[]): Promise<string[]> =>
  (await resolver.query(name, 'TXT', { servers })).answers.map((record) =>
    record.type === 'TXT' ? record.text : record.type,
  );

suite('over UDP and TCP', () => {
  test('one datagram is enough', async () => {
    await using server = await startDnsServer(() => ({ answers: [txt(name, 'x')] }));
    const answer = await resolverWith(patient).query('A.Example', 'TXT', {
      servers: [server.server],
      recursionDesired: false,
    });
    assert.deepEqual(answer, {
      server: server.server,
      rcode: 'NOERROR',
      authoritative: false,
      answers: [{ type: 'TXT', name, ttl: 60, text: 'x' }],
      authorities: [],
    });
    assert.deepEqual(server.asked, [
      { name: 'a.example', type: 'TXT', transport: 'udp', recursionDesired: false },
    ]);
  });

  test('what does not fit comes over TCP', async () => {
    await using server = await startDnsServer(({ transport }) =>
      transport === 'udp'
        ? { flags: packet.TRUNCATED_RESPONSE }
        : { answers: Array.from({ length: 40 }, (_, index) => txt(name, `${index} ${'y'.repeat(200)}`)) },
    );
    assert.equal((await texts(resolverWith(patient), [server.server])).length, 40);
    assert.deepEqual(
      server.asked.map(({ transport }) => transport),
      ['udp', 'tcp'],
    );
  });

  test('a datagram that never comes, or that is broken, is asked for again over TCP', async () => {
    for (const bad of [undefined, Buffer.concat([Buffer.from([0, 99, 0x80, 0]), Buffer.alloc(9, 0xff)])]) {
      await using server = await startDnsServer(({ transport }) =>
        transport === 'udp' ? bad : { answers: [txt(name, 'x')] },
      );
      let timers = 0;
      // The first time-out, that of UDP, comes at once; that of TCP never.
      const clock: DnsClock = {
        now: () => 0,
        after: (ms, task) =>
          timers++ === 0 && bad === undefined ? hasty.after(ms, task) : patient.after(ms, task),
      };
      assert.deepEqual(await texts(resolverWith(clock), [server.server]), ['x']);
    }
  });

  test('forged datagrams are passed over, and a flood of them ends the attempt', async () => {
    const forged = (id: number, asked: string): Buffer =>
      packet.encode({
        type: 'response',
        id,
        questions: [{ name: asked, type: 'TXT' }],
        answers: [txt(name, 'evil')],
      });
    await using server = await startDnsServer(() => [
      forged(98, name),
      forged(99, 'b.example'),
      { answers: [txt(name, 'x')] },
    ]);
    assert.deepEqual(await texts(resolverWith(patient), [server.server]), ['x']);
    await using flood = await startDnsServer(({ transport }) =>
      transport === 'udp'
        ? Array.from({ length: 80 }, () => forged(98, name))
        : { answers: [txt(name, 'over tcp')] },
    );
    assert.deepEqual(await texts(resolverWith(patient), [flood.server]), ['over tcp']);
  });
});

suite('the list of servers', () => {
  test('goes on to the next after silence, a closed port and a shrug', async () => {
    await using shrugging = await startDnsServer(() => ({ rcode: 2 }));
    await using good = await startDnsServer(() => ({ answers: [txt(name, 'x')] }));
    const gone = await startDnsServer(() => undefined);
    await gone[Symbol.asyncDispose]();
    const answer = await resolverWith(patient).query(name, 'TXT', {
      servers: [gone.server, shrugging.server, good.server],
    });
    assert.equal(answer.server, good.server);
    const shrug = await resolverWith(patient).query(name, 'TXT', {
      servers: [shrugging.server, gone.server],
    });
    assert.deepEqual([shrug.rcode, shrug.server], ['SERVFAIL', shrugging.server]);
  });

  test('NXDOMAIN is an answer, which no other server has to confirm', async () => {
    await using first = await startDnsServer(() => ({ rcode: 3 }));
    await using second = await startDnsServer(() => ({ answers: [txt(name, 'x')] }));
    const answer = await resolverWith(patient).query(name, 'TXT', { servers: [first.server, second.server] });
    assert.deepEqual([answer.rcode, second.asked.length], ['NXDOMAIN', 0]);
  });

  test('says of each what happened, when none answered', async () => {
    const gone = await startDnsServer(() => undefined);
    await gone[Symbol.asyncDispose]();
    await using silent = await startDnsServer(() => undefined);
    await assert.rejects(
      resolverWith(hasty).query(name, 'TXT', { servers: [gone.server, silent.server] }),
      (error) => {
        assert.ok(error instanceof NoAnswerError);
        assert.deepEqual(
          error.attempts.map(({ server }) => server),
          [gone.server, silent.server],
        );
        assert.match(error.message, /nothing listens there; .*no answer within 5 s/u);
        return true;
      },
    );
    await assert.rejects(resolverWith(patient).query(name, 'TXT', { servers: [] }), /none is configured/u);
  });

  test('a server that is given by name is looked up, and its addresses are tried in turn', async () => {
    await using good = await startDnsServer(() => ({ answers: [txt(name, 'x')] }));
    const port = good.server.split(':').at(-1);
    const looked: string[] = [];
    const addresses: Record<string, string[]> = {
      'dns.example': ['127.0.0.254', '127.0.0.1'],
      'none.example': [],
    };
    const resolver = createNetworkResolver({
      clock: patient,
      randomId: () => 99,
      lookup: (host) => {
        looked.push(host);
        return Promise.resolve(addresses[host] ?? []);
      },
    });
    const answer = await resolver.query(name, 'TXT', {
      servers: [`none.example:${port}`, `dns.example:${port}`],
    });
    // It is called what its operator calls it.
    assert.deepEqual([answer.server, looked], [`dns.example:${port}`, ['none.example', 'dns.example']]);
    await assert.rejects(
      resolver.query(name, 'TXT', { servers: [`none.example:${port}`] }),
      /none\.example has no address/u,
    );
  });

  test('a server or a name that cannot be one is refused, and an abort is an abort', async () => {
    const resolver = resolverWith(patient);
    await assert.rejects(resolver.query(name, 'TXT', { servers: ['dns.example:53'] }), DnsConfigurationError);
    await assert.rejects(resolver.query('a b', 'TXT', { servers: ['127.0.0.1:53'] }), DomainNameError);
    await using silent = await startDnsServer(() => undefined);
    const abort = new AbortController();
    const asking = resolver.query(name, 'TXT', { servers: [silent.server], signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(asking, /^Error: enough$/u);
  });
});

suite('over HTTPS', () => {
  const mediaType = 'application/dns-message';

  /** TLS is undici's business; the tests lead its connections to a plain server. */
  async function withServer(
    listener: RequestListener,
    run: (resolver: DnsResolver) => Promise<void>,
  ): Promise<void> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const agent = new Agent();
    const plain: Dispatcher = agent.compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, origin: `http://127.0.0.1:${port}` }, handler),
    );
    try {
      await run(resolverWith(patient, () => plain));
    } finally {
      await agent.destroy();
      server.close();
    }
  }
  const servers = ['https://dns.example/dns-query'];

  test('a POST with id 0, an answer of the same type', async () => {
    await withServer(
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const query = packet.decode(Buffer.concat(chunks));
          const right =
            request.method === 'POST' &&
            request.url === '/dns-query' &&
            request.headers['content-type'] === mediaType;
          response.writeHead(right && query.id === 0 ? 200 : 400, { 'content-type': `${mediaType}; q=1` });
          response.end(
            packet.encode({ type: 'response', id: 0, questions: query.questions, answers: [txt(name, 'x')] }),
          );
        });
      },
      async (resolver) => assert.deepEqual(await texts(resolver, servers), ['x']),
    );
  });

  for (const [what, listener, why] of [
    ['an error', (_, response) => response.writeHead(503).end('no'), /HTTP 503/u],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      /HTTP 302/u,
    ],
    [
      'a page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      /content type "text\/html"/u,
    ],
    [
      'a flood',
      (_, response) => response.writeHead(200, { 'content-type': mediaType }).end(Buffer.alloc(200_000)),
      /more than 131072 bytes/u,
    ],
    [
      'somebody else’s answer',
      (_, response) =>
        response
          .writeHead(200, { 'content-type': mediaType })
          .end(packet.encode({ type: 'response', id: 0, questions: [{ name: 'b', type: 'TXT' }] })),
      /another question/u,
    ],
  ] as const satisfies readonly (readonly [string, RequestListener, RegExp])[])
    test(`${what} is no answer`, () =>
      withServer(listener, async (resolver) => {
        await assert.rejects(
          texts(resolver, servers),
          (error) => error instanceof NoAnswerError && why.test(error.message),
        );
      }));
});
