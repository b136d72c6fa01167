import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { SolverNotServedError } from '../errors.ts';
import type { ResponderSettings } from '../settings.ts';
import { idleMs } from './on-demand.ts';
import { Responder } from './responder.ts';

const names = {
  http01: '--acme-http01-listen',
  tlsAlpn01: '--acme-tls-alpn-listen',
  webroot: '--acme-webroot',
};
const log = { debug() {}, info() {}, warn() {}, error() {} };
const here = { host: '127.0.0.1', port: 0 };

function made(context: TestContext, settings: ResponderSettings, always = false) {
  const clock = createFakeClock(0);
  const responder = new Responder({
    settings,
    names,
    always: { http01: always, tlsAlpn01: always },
    clock,
    log,
  });
  context.after(() => responder.close());
  return { clock, responder, answers: responder.answers };
}

const answer = { domain: 'a.example', token: 't', keyAuthorization: 't.k' };

suite('the responder', () => {
  test('listens while there is something to answer, and a little longer', async (context) => {
    const { clock, responder, answers } = made(context, { http01: here });
    await responder.start();
    const port = (): number | undefined => responder.http01Address?.port;
    assert.equal(port(), undefined);
    answers.setHttp01('1', answer);
    await responder.http01Outlet.write('t', 't.k');
    const response = await fetch(`http://127.0.0.1:${port()}/.well-known/acme-challenge/t`, {
      headers: { connection: 'close' },
    });
    // Not our name: fetch sends the address.
    assert.equal(response.status, 404);
    answers.delete('1');
    await responder.http01Outlet.remove('t', 't.k');
    await clock.advance(idleMs - 1);
    assert.notEqual(port(), undefined);
    await clock.advance(1);
    assert.equal(port(), undefined);
  });

  test('stays open for the next one that comes in time', async (context) => {
    const { clock, responder, answers } = made(context, { http01: here });
    answers.setHttp01('1', answer);
    await responder.http01Outlet.write('t', 't.k');
    const before = responder.http01Address;
    answers.delete('1');
    await responder.http01Outlet.remove('t', 't.k');
    answers.setHttp01('2', answer);
    await responder.http01Outlet.write('t', 't.k');
    await clock.advance(10 * idleMs);
    assert.deepEqual(responder.http01Address, before);
  });

  test('is open from the start, and for good, where an address was asked for', async (context) => {
    const { clock, responder } = made(context, { http01: here, tlsAlpn01: here }, true);
    await responder.start();
    const before = responder.http01Address;
    assert.notEqual(before, undefined);
    assert.notEqual(responder.tlsAlpn01Address, undefined);
    await responder.http01Outlet.remove('t', 't.k');
    await clock.advance(10 * idleMs);
    assert.deepEqual(responder.http01Address, before);
  });

  test('names the flags where it may not listen', async (context) => {
    const { responder } = made(context, {});
    await assert.rejects(responder.http01Outlet.write('t', 't.k'), (error: unknown) => {
      assert.ok(error instanceof SolverNotServedError);
      assert.match(error.message, /--acme-http01-listen or --acme-webroot/);
      return true;
    });
    const shown = { domain: 'a.example', certificate: '', key: '' };
    await assert.rejects(responder.putTlsAlpn01('1', shown), /--acme-tls-alpn-listen/);
  });

  test('lets the second Challenge for a name wait', async (context) => {
    const { responder } = made(context, { tlsAlpn01: here });
    const shown = { domain: 'a.example', certificate: '', key: '' };
    await responder.putTlsAlpn01('1', shown);
    await assert.rejects(responder.putTlsAlpn01('2', shown), { retryable: true, retryAfterMs: 5_000 });
    responder.removeTlsAlpn01('1');
    await responder.putTlsAlpn01('2', shown);
  });
});
