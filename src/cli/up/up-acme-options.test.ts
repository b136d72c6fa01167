import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readUpAcmeOptions, upAcmeRows } from './up-acme-options.ts';

suite('the ACME flags of up', () => {
  test('answer at the ports of a CA while it may ask, unless somebody says otherwise', () => {
    const { settings, always } = readUpAcmeOptions({}, undefined, {});
    assert.deepEqual(settings.responder, {
      http01: { host: '', port: 80 },
      tlsAlpn01: { host: '', port: 443 },
    });
    assert.deepEqual(always, { http01: false, tlsAlpn01: false });
    assert.equal(settings.inCluster, false);
  });

  test('an address that is asked for is open from the start; 0 is never', () => {
    const given = { acmeHttp01Listen: '127.0.0.1:8080', acmeTlsAlpnListen: '0', concurrency: '7' };
    const { settings, always } = readUpAcmeOptions(given, undefined, {});
    assert.deepEqual(settings.responder, { http01: { host: '127.0.0.1', port: 8080 } });
    assert.deepEqual(always, { http01: true, tlsAlpn01: false });
  });

  test('a webroot is answered from instead of the listener', () => {
    const programs = { ovh: ['/bin/ovh'] };
    const { settings, always } = readUpAcmeOptions({ acmeHttp01Listen: ':8080' }, '/srv/www', programs);
    assert.equal(settings.responder.webroot, '/srv/www');
    assert.equal(always.http01, false);
    assert.deepEqual(settings.dns.programs, programs);
  });

  test('what is wrong is said with the flag', () => {
    assert.throws(
      () => readUpAcmeOptions({ acmeHttp01Listen: 'x' }, undefined, {}),
      /--acme-http01-listen "x"/,
    );
    assert.throws(() => readUpAcmeOptions({}, '', {}), /--acme-webroot/);
  });

  test('none of them speaks of Pods', () => {
    assert.equal(upAcmeRows.length, 10);
    for (const { flag, meaning } of upAcmeRows) assert.doesNotMatch(meaning, /\bPods?\b/, flag);
  });
});
