import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { EnvironmentError } from '../errors.ts';
import { listen } from './listen.ts';

type Listening = Pick<Server, 'listen' | 'on' | 'once' | 'off'>;

/** A machine on which these addresses fail with these codes. */
function machine(failures: Readonly<Record<string, string>>): {
  server: Listening;
  hosts: string[];
  events: EventEmitter;
} {
  const events = new EventEmitter();
  const hosts: string[] = [];
  const server = Object.assign(events, {
    listen(_port: number, host: string, done: () => void) {
      hosts.push(host);
      const code = failures[host];
      queueMicrotask(() =>
        code === undefined
          ? done()
          : events.emit('error', Object.assign(new Error(`listen ${code}`), { code })),
      );
    },
  }) as unknown as Listening;
  return { server, hosts, events };
}

const silent = (): void => undefined;

test('every address is every IPv4 address where IPv6 is switched off', async () => {
  for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
    const { server, hosts, events } = machine({ '::': code });
    await listen(server, '--x', { host: '::', port: 1 }, silent);
    assert.deepEqual(hosts, ['::', '0.0.0.0']);
    assert.equal(events.listenerCount('error'), 1);
  }
});

test('an address that was asked for is never another one', async () => {
  const { server, hosts } = machine({ '::1': 'EADDRNOTAVAIL' });
  await assert.rejects(listen(server, '--x', { host: '::1', port: 7 }, silent), (error: unknown) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.message, '--x [::1]:7: listen EADDRNOTAVAIL');
    return true;
  });
  assert.deepEqual(hosts, ['::1']);
});

test('a port that is taken is told of by its setting', async (t) => {
  const first = createServer();
  t.after(() => first.close());
  await listen(first, '--x', { host: '127.0.0.1', port: 0 }, silent);
  const { port } = first.address() as { port: number };
  const second = createServer();
  await assert.rejects(
    listen(second, '--secure-port', { host: '127.0.0.1', port }, silent),
    /--secure-port 127\.0\.0\.1:\d+: it is taken: choose/u,
  );
});

test('a connection that could not be accepted ends nothing and is told', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  const told: string[] = [];
  await listen(server, '--x', { host: '127.0.0.1', port: 0 }, ({ message }) => void told.push(message));
  const heard = once(server, 'error').catch(silent);
  server.emit('error', new Error('accept EMFILE'));
  await heard;
  assert.deepEqual(told, ['accept EMFILE']);
  assert.ok(server.listening);
});
