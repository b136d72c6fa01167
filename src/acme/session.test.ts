/** Faults between a call and the wire: nonces, directories, refusals, redirects, cut and endless answers, time. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { AcmeProblemError, AcmeProtocolError, AcmeTransportError } from './errors.ts';
import { FakeCa, problem } from './testing/fake-ca.ts';
import { jwkOf, testClient, type TestClient } from './testing/test-client.ts';

describe('a CA that misbehaves', () => {
  let ca: FakeCa;
  let client: TestClient;
  before(async () => {
    ca = await FakeCa.start();
  });
  after(() => ca.stop());
  beforeEach(async () => {
    client = await testClient(ca.directoryUrl, { accountUrl: `${ca.url}/account/1` });
    ca.know(jwkOf(client.pem));
    ca.log.length = 0;
    ca.directory = {};
    ca.intercept = undefined;
    ca.refuseNonces = 0;
    ca.on('/order/1', () => ({ body: { status: 'pending', finalize: `${ca.url}/finalize/1` } }));
  });
  afterEach(() => client.close());

  const ask = (signal?: AbortSignal) => client.order(`${ca.url}/order/1`, { signal });
  const rejects = async (
    work: Promise<unknown>,
    kind: new (...args: never[]) => Error,
    message: RegExp,
  ): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof kind, String(error));
      assert.match(error.message, message);
      return true;
    });
  };

  it('refuses nonces: the message is signed again with the nonce of the refusal', async () => {
    ca.refuseNonces = 3;
    await ask();
    assert.equal(ca.count('POST /order/1'), 4);
    assert.equal(ca.count('HEAD /new-nonce'), 1);
  });
  it('refuses every nonce: so many tries and no more, and the refusal is worth a later try', async () => {
    ca.refuseNonces = Infinity;
    await assert.rejects(
      ask(),
      (error) => error instanceof AcmeProblemError && error.is('badNonce') && error.retryable,
    );
    assert.equal(ca.count('POST /order/1'), 26);
  });
  it('refuses a nonce in words of its own', async () => {
    let refusals = 0;
    ca.on('/order/1', () =>
      refusals++ === 0
        ? { status: 400, body: { type: 'urn:acme:error:BadNonce', detail: 'old' } }
        : { body: { status: 'ready', finalize: `${ca.url}/finalize/1` } },
    );
    assert.equal((await ask()).status, 'ready');
    assert.equal(refusals, 2);
  });
  it('forgets its nonces, as after a restart', async () => {
    await ask();
    ca.forgetNonces();
    await ask();
    assert.equal(ca.count('POST /order/1'), 3);
    assert.equal(ca.count('HEAD /new-nonce'), 1);
  });
  it('forgets its nonces, and of many that were kept only one is tried', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ask()));
    ca.forgetNonces();
    await ask();
    const before = ca.count('POST /order/1');
    await Promise.all(Array.from({ length: 6 }, () => ask()));
    assert.equal(ca.count('POST /order/1'), before + 6);
  });
  it('is asked for a new nonce when the kept ones are old', async () => {
    await ask();
    client.clock.now += 3_600_000;
    await ask();
    assert.equal(ca.count('HEAD /new-nonce'), 2);
  });
  it('is asked for few nonces at a time, however many callers wait', async () => {
    let asking = 0;
    let most = 0;
    ca.intercept = (request, response) => {
      if (request.method !== 'HEAD') return false;
      most = Math.max(most, (asking += 1));
      response.once('finish', () => (asking -= 1));
      return false;
    };
    await Promise.all(Array.from({ length: 40 }, () => ask()));
    assert.equal(ca.count('POST /order/1'), 40);
    // How many in all depends on how fast answers come, which bring nonces, too.
    assert.ok(most >= 1 && most <= 4, `${most} nonces were fetched at once`);
    assert.ok(ca.count('HEAD /new-nonce') <= 40, `${ca.count('HEAD /new-nonce')} nonces were fetched`);
  });
  it('gives no nonce', async () => {
    ca.intercept = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(200).end();
      return true;
    };
    await rejects(ask(), AcmeProtocolError, /no usable nonce/u);
  });

  it('is asked for its directory once an hour, and worked with by the old one while it cannot answer', async () => {
    await Promise.all([client.directory(), client.directory()]);
    assert.equal(ca.count('GET /dir'), 1);
    client.clock.now += 3_700_000;
    ca.intercept = (request, response) => {
      if (request.url !== '/dir') return false;
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
      return true;
    };
    assert.equal((await client.directory()).newOrder, `${ca.url}/new-order`);
    client.clock.now += 25 * 3_600_000;
    await rejects(client.directory(), AcmeProblemError, /^502: the CA answered 502 without a reason/u);
    ca.intercept = undefined;
    ca.directory = { newOrder: `${ca.url}/moved` };
    assert.equal((await client.directory()).newOrder, `${ca.url}/moved`);
  });
  it('moves an address of its directory: the next call looks again', async () => {
    await assert.rejects(client.newOrder({ identifiers: [] }), AcmeProblemError);
    ca.directory = { newOrder: `${ca.url}/moved` };
    ca.on('/moved', () => ({
      status: 201,
      headers: { location: `${ca.url}/order/2` },
      body: { status: 'pending', finalize: `${ca.url}/finalize/2` },
    }));
    assert.equal((await client.newOrder({ identifiers: [] })).url, `${ca.url}/order/2`);
    ca.on('/moved', () => ({ status: 201, body: { status: 'pending', finalize: `${ca.url}/finalize/2` } }));
    await rejects(client.newOrder({ identifiers: [] }), AcmeProtocolError, /names no order/u);
  });
  it('is no ACME server at all', async () => {
    for (const [body, message] of [
      ['<html>', /not JSON/u],
      ['[]', /not a JSON object/u],
      ['{"new-authz":"https://x/"}', /does not support the RFC 8555 version.*is it the address/u],
      [
        JSON.stringify({ newNonce: 'https://u:p@x/', newAccount: 'https://x/', newOrder: 'https://x/' }),
        /no usable URL/u,
      ],
    ] as const) {
      const other = await testClient(ca.directoryUrl);
      ca.on('GET /dir', () => ({ body }));
      await rejects(other.directory(), AcmeProtocolError, message);
      await other.close();
    }
    ca.on('GET /dir', () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'not here' }));
    await rejects(
      client.directory(),
      AcmeProblemError,
      /^404: not here \(GET http.*\/dir; is that the address of an ACME directory\?\)$/u,
    );
    ca.on('GET /dir', { body: directory() });
  });
  const directory = (): unknown => ({
    newNonce: `${ca.url}/new-nonce`,
    newAccount: `${ca.url}/new-account`,
    newOrder: `${ca.url}/new-order`,
  });

  it('says when to come back, in seconds or by a clock of its own that is wrong', async () => {
    ca.on('/order/1', () => problem(429, 'rateLimited', 'too many', { 'retry-after': '120' }));
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof AcmeProblemError && error.isRateLimited && error.retryable);
      assert.equal(error.retryAt, client.clock.now + 120_000);
      return true;
    });
    const date = (at: string): string => new Date(at).toUTCString();
    ca.on('/order/1', () =>
      problem(503, 'serverInternal', 'x', {
        date: date('2031-01-01T00:00:00Z'),
        'retry-after': date('2031-01-01T00:10:00Z'),
      }),
    );
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof AcmeProblemError);
      return error.retryAt === client.clock.now + 600_000;
    });
    ca.on('/order/1', () => problem(503, 'serverInternal', 'x', { 'retry-after': '999999999999' }));
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof AcmeProblemError);
      return error.retryAt === client.clock.now + 7 * 24 * 3_600_000;
    });
  });
  it('says when to come back in the old forms of dates, which mean GMT wherever we are', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      for (const date of ['Sun Nov 22 08:10:00 2026', 'Sunday, 22-Nov-26 08:10:00 GMT']) {
        ca.on('/order/1', () => problem(503, 'serverInternal', 'x', { 'retry-after': date, date: 'soon' }));
        await assert.rejects(ask(), (error) => {
          assert.ok(error instanceof AcmeProblemError);
          return error.retryAt === client.clock.now + 600_000;
        });
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
  it('wants a person to agree to something', async () => {
    ca.on('/order/1', () =>
      problem(403, 'userActionRequired', 'new terms', {
        link: '<https://ca.example/terms>;rel="terms-of-service"',
      }),
    );
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof AcmeProblemError && error.isUserActionRequired && !error.retryable);
      return error.termsOfService === 'https://ca.example/terms';
    });
  });
  it('redirects: a signed message does not follow, a plain question does a few times', async () => {
    ca.on('/order/1', () => ({ status: 308, headers: { location: `${ca.url}/elsewhere` } }));
    await rejects(ask(), AcmeProtocolError, /with 308 and points to .*\/elsewhere; give the address/u);
    assert.equal(ca.count('POST /elsewhere'), 0);
    const other = await testClient(`${ca.url}/a`);
    ca.on('GET /a', () => ({ status: 302, headers: { location: '/dir' } }));
    assert.equal((await other.directory()).newNonce, `${ca.url}/new-nonce`);
    await other.close();
    const lost = await testClient(`${ca.url}/b`);
    ca.on('GET /b', () => ({ status: 302, headers: { location: '/b' } }));
    await rejects(lost.directory(), AcmeProtocolError, /302/u);
    assert.equal(ca.count('GET /b'), 4);
    await lost.close();
  });
  it('writes without end: it is cut off at a bound', async () => {
    let sent = 0;
    ca.intercept = (request, response) => {
      if (request.url !== '/order/1') return false;
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && sent < 64 << 20 && response.write(Buffer.alloc(65_536, 0x20)))
          sent += 65_536;
      };
      response.on('drain', more);
      more();
      return true;
    };
    await rejects(ask(), AcmeProtocolError, /longer than 1048576 bytes/u);
    assert.ok(sent < 32 << 20, `${sent} bytes were sent before the connection ended`);
  });
  it('cuts the connection, and is well again at the next call', async () => {
    await ask();
    ca.intercept = (_request, response) => {
      response.destroy();
      return true;
    };
    await assert.rejects(
      ask(),
      (error) => error instanceof AcmeTransportError && error.retryable && error.reason === 'cut',
    );
    assert.equal(client.trips.at(-1)?.status, 999);
    ca.intercept = undefined;
    await ask();
  });
  it('says nothing: the caller may give up, and the others go on', async () => {
    const held = Promise.withResolvers<() => void>();
    let isHeld = false;
    ca.intercept = (request, response) => {
      if (request.url !== '/dir' || isHeld) return false;
      isHeld = true;
      held.resolve(() => response.end(JSON.stringify(directory())));
      return true;
    };
    const stop = new AbortController();
    const given = ask(stop.signal);
    const kept = ask();
    const answer = await held.promise;
    stop.abort(new Error('shutting down'));
    await assert.rejects(
      given,
      (error) => error instanceof AcmeTransportError && error.reason === 'aborted' && !error.retryable,
    );
    answer();
    assert.equal((await kept).status, 'pending');
    const timeout = AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
    await assert.rejects(
      ask(timeout),
      (error) => error instanceof AcmeTransportError && error.reason === 'timeout',
    );
  });
  it('keeps nobody who closes the client waiting', async () => {
    const held = Promise.withResolvers<() => void>();
    ca.intercept = (request, response) => {
      if (request.url !== '/dir') return false;
      held.resolve(() => response.end(JSON.stringify(directory())));
      return true;
    };
    const other = await testClient(ca.directoryUrl);
    const asked = other.directory();
    const answer = await held.promise;
    await other.close();
    answer();
    assert.equal((await asked).newNonce, `${ca.url}/new-nonce`);
  });
  it('cannot be reached, and the caller has gone before the call: its failure is nobody’s', async () => {
    const nobody = await testClient('http://127.0.0.1:1/dir');
    const unheard: unknown[] = [];
    const hear = (reason: unknown): unknown => unheard.push(reason);
    process.on('unhandledRejection', hear);
    try {
      for (const call of ['directory', 'findAccount', 'deactivateAccount'] as const)
        await assert.rejects(nobody[call]({ signal: AbortSignal.abort() }), AcmeTransportError);
      // The shared questions that they began end after them.
      await assert.rejects(nobody.directory(), AcmeTransportError);
      await assert.rejects(nobody.deactivateAccount(), AcmeTransportError);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', hear);
    }
    assert.deepEqual(unheard, []);
    await nobody.close();
  });
  it('cannot be reached', async () => {
    const nobody = await testClient('http://127.0.0.1:1/dir');
    await assert.rejects(
      nobody.directory(),
      (error) => error instanceof AcmeTransportError && error.reason === 'connect',
    );
    await nobody.close();
  });
});
