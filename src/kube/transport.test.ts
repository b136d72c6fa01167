import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Agent } from 'undici';
import { configMaps } from '../api/resources.ts';
import { systemClock } from './clock.ts';
import * as errors from './errors.ts';
import { guardWrites } from './guarded-client.ts';
import { createKubeClient } from './http-client.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { eventually, sendJson, sendStatus, TestServer, type Fault } from './testing/test-server.ts';
import type { KubeConnection } from './transport.ts';

const server = new TestServer();
const dispatcher = new Agent({ allowH2: false });
const key = { namespace: 'default', name: 'a' };

function clientOf(more: Partial<KubeConnection> = {}): ReturnType<typeof createKubeClient> {
  const connection = { baseUrl: server.url, dispatcher, clock: systemClock, random: () => 0 };
  return createKubeClient({
    ...connection,
    ...more,
    component: 'tester',
    userAgent: (name) => `${name}/1 (x)`,
  });
}
function once(fault: Fault): Fault {
  let used = false;
  return (request, response) => !used && (used = fault(request, response));
}

before(() => server.start());
after(async () => {
  await dispatcher.destroy();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.faults.length = 0;
  server.seen.length = 0;
  server.put('a', 'one');
});

describe('requests', () => {
  it('name their component and carry credentials', async () => {
    await clientOf({ auth: { headers: () => ({ authorization: 'Bearer t' }), refused: () => false } }).get(
      configMaps,
      key,
    );
    assert.equal(server.seen[0]?.headers['user-agent'], 'tester/1 (x)');
    assert.equal(server.seen[0]?.headers.authorization, 'Bearer t');
  });

  it('turn a Status into its error', async () => {
    await assert.rejects(clientOf().get(configMaps, { namespace: 'default', name: 'none' }), (error) => {
      assert.ok(error instanceof errors.NotFoundError);
      assert.equal(error.status, 404);
      assert.equal(error.retryable, false);
      assert.equal(error.request, 'GET /api/v1/namespaces/default/configmaps/none');
      return true;
    });
  });

  it('tell AlreadyExists from Conflict, which share a code', async () => {
    const cases = [
      ['AlreadyExists', errors.AlreadyExistsError],
      ['Conflict', errors.ConflictError],
    ] as const;
    for (const [reason, Class] of cases) {
      server.faults.splice(0, 1, (_request, response) => {
        sendStatus(response, 409, reason, 'no');
        return true;
      });
      await assert.rejects(clientOf().create(configMaps, { metadata: key }, { fieldManager: 'f' }), Class);
    }
  });

  it('wait as long as a 429 asks, and only then send again', async () => {
    const clock = createFakeClock(0);
    server.faults.push(
      once((_request, response) => {
        sendStatus(response, 429, 'TooManyRequests', 'slow down', { 'retry-after': '7' });
        return true;
      }),
    );
    const done = clientOf({ clock }).create(configMaps, { metadata: key }, { fieldManager: 'f' });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.nextDue, 7_000);
    assert.equal(server.seen.length, 1);
    await clock.advance(7_000);
    await done;
    assert.equal(server.seen.length, 2);
  });

  it('are not sent once more where the writer may not write any more', async () => {
    const clock = createFakeClock(0);
    server.faults.push(
      once((_request, response) => {
        sendStatus(response, 429, 'TooManyRequests', 'slow down', { 'retry-after': '7' });
        return true;
      }),
    );
    let ours = true;
    const guarded = guardWrites(clientOf({ clock }), () => {
      if (!ours) throw new RangeError('the lease is gone');
    });
    const done = guarded.create(configMaps, { metadata: key }, { fieldManager: 'f' });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    ours = false;
    const refused = assert.rejects(done, RangeError);
    await clock.advance(7_000);
    await refused;
    assert.equal(server.seen.length, 1);
  });

  it('hand a long Retry-After to the caller', async () => {
    server.faults.push((_request, response) => {
      sendStatus(response, 503, 'ServiceUnavailable', 'closed', { 'retry-after': '600' });
      return true;
    });
    await assert.rejects(clientOf().get(configMaps, key), (error) => {
      assert.ok(error instanceof errors.ServerError);
      assert.equal(error.retryAfterMs, 600_000);
      return true;
    });
    assert.equal(server.seen.length, 1);
  });

  it('never repeat a create after a 500, whatever its Retry-After', async () => {
    server.faults.push((_request, response) => {
      sendStatus(response, 500, 'InternalError', 'broken', { 'retry-after': '0' });
      return true;
    });
    await assert.rejects(
      clientOf().create(configMaps, { metadata: key }, { fieldManager: 'f' }),
      errors.ServerError,
    );
    assert.equal(server.seen.length, 1);
    await assert.rejects(clientOf().get(configMaps, key), errors.ServerError);
    assert.equal(server.seen.length, 5, 'a get is sent four times');
  });

  it('repeat a get once when the connection is reset, and a create never', async () => {
    server.faults.push((_request, response) => {
      response.destroy();
      return true;
    });
    await assert.rejects(clientOf().get(configMaps, key), errors.TransportError);
    assert.equal(server.seen.length, 2);
    await assert.rejects(
      clientOf().create(configMaps, { metadata: key }, { fieldManager: 'f' }),
      errors.TransportError,
    );
    assert.equal(server.seen.length, 3);
  });

  it('ask the guard again when a connection is free: not what was true when they began to wait', async (t) => {
    const narrow = new Agent({ connections: 1, pipelining: 1, allowH2: false });
    t.after(() => narrow.destroy());
    let opened = 0;
    narrow.on('connect', () => (opened += 1));
    let answer = (): void => undefined;
    server.faults.push(
      once((_request, response) => {
        answer = () => sendJson(response, 201, { metadata: key });
        return true;
      }),
    );
    const lost = new Error('the lease is lost');
    let ours = true;
    const client = guardWrites(clientOf({ dispatcher: narrow }), () => {
      if (!ours) throw lost;
    });
    const write = (): Promise<unknown> => client.create(configMaps, { metadata: key }, { fieldManager: 'f' });
    const first = write();
    await eventually(() => server.seen.length === 1, 'the first request');
    const others = [write(), write()].map((one) => assert.rejects(one, (error) => error === lost));
    ours = false;
    answer();
    await first;
    await Promise.all(others);
    assert.equal(server.seen.length, 1);
    // The connection serves on.
    await clientOf({ dispatcher: narrow }).get(configMaps, key);
    assert.equal(opened, 1);
  });

  it('tell of a deadline that the caller set as of an answer that did not come, and of a change of mind not', async () => {
    server.faults.push(() => true);
    const told: number[] = [];
    const client = clientOf({ observer: { request: (_verb, _resource, code) => told.push(code) } });
    await assert.rejects(client.get(configMaps, key, AbortSignal.abort(new Error('stop'))), /stop/);
    assert.deepEqual(told, []);
    const deadline = new AbortController();
    const asked = client.get(configMaps, key, deadline.signal);
    await eventually(() => server.seen.length === 1, 'the request');
    deadline.abort(new errors.TimeoutError('too slow'));
    await assert.rejects(asked, errors.TimeoutError);
    assert.deepEqual(told, [0]);
  });

  it('renew credentials once on 401', async () => {
    let token = 'old';
    const auth = {
      headers: () => ({ authorization: token }),
      refused: () => {
        token = 'new';
        return true;
      },
    };
    server.faults.push((request, response) => {
      if (request.headers.authorization === 'new') return false;
      sendStatus(response, 401, 'Unauthorized', 'who?');
      return true;
    });
    await clientOf({ auth }).get(configMaps, key);
    assert.equal(server.seen.length, 2);
  });

  it('refuse answers that are too long, not JSON, or silent', async () => {
    server.faults.push((_request, response) => {
      sendJson(response, 200, { data: 'x'.repeat(5000) });
      return true;
    });
    await assert.rejects(clientOf({ maxBodyBytes: 1000 }).get(configMaps, key), errors.ProtocolError);
    server.faults.splice(0, 1, (_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.end(`{"data":"${'x'.repeat(5000)}"}`), 20);
      return true;
    });
    await assert.rejects(clientOf({ maxBodyBytes: 1000 }).get(configMaps, key), errors.ProtocolError);
    server.faults.splice(0, 1, (_request, response) => {
      response.end('<html>secret');
      return true;
    });
    await assert.rejects(clientOf().get(configMaps, key), (error) => {
      assert.ok(error instanceof errors.ProtocolError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    server.faults.splice(0, 1, () => true);
    await assert.rejects(clientOf({ requestTimeoutMs: 50 }).get(configMaps, key), errors.TimeoutError);
  });

  it('end with the signal of the caller', async () => {
    server.faults.push(() => true);
    const abort = new AbortController();
    const done = clientOf().get(configMaps, key, abort.signal);
    const reason = new Error('enough');
    const refused = assert.rejects(done, reason);
    await eventually(() => server.seen.length > 0, 'the request arrives');
    abort.abort(reason);
    await refused;
  });

  it('keep to one path segment per name', async () => {
    await assert.rejects(
      clientOf().get(configMaps, { namespace: 'default', name: '..' }),
      errors.BadRequestError,
    );
    await assert.rejects(
      clientOf().get(configMaps, { namespace: 'default', name: '../../x?y' }),
      errors.NotFoundError,
    );
    assert.equal(server.seen[0]?.url, '/api/v1/namespaces/default/configmaps/..%2F..%2Fx%3Fy');
  });

  it('send server-side apply as Kubernetes wants it', async () => {
    const options = { fieldManager: 'me', force: true, subresource: 'status' as const };
    await clientOf().apply(configMaps, { metadata: key }, options);
    const [seen] = server.seen;
    assert.equal(seen?.method, 'PATCH');
    assert.equal(seen.headers['content-type'], 'application/apply-patch+yaml');
    assert.equal(seen.url, '/api/v1/namespaces/default/configmaps/a/status?fieldManager=me&force=true');
  });
});

describe('the rate limit', () => {
  it('lets a burst pass and then one request per interval, in order', async () => {
    const clock = createFakeClock(0);
    const limiter = createRateLimiter(clock, { perSecond: 20, burst: 50 });
    const passed: number[] = [];
    for (let i = 0; i < 53; i++) void limiter.acquire().then(() => passed.push(i));
    await clock.advance(0);
    assert.equal(passed.length, 50);
    await clock.advance(100);
    assert.deepEqual(passed.slice(50), [50, 51]);
    await clock.advance(50);
    assert.equal(passed.length, 53);
  });
});
