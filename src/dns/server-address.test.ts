import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsConfigurationError } from './errors.ts';
import {
  fallbackNameservers,
  formatServerAddress,
  namedServer,
  nameserversOf,
  parseServerAddress,
} from './server-address.ts';

test('addresses with ports, and https URLs', () => {
  assert.deepEqual(parseServerAddress('192.0.2.1:53'), { kind: 'plain', address: '192.0.2.1', port: 53 });
  assert.deepEqual(parseServerAddress('[2001:db8::1]:5353'), {
    kind: 'plain',
    address: '2001:db8::1',
    port: 5353,
  });
  assert.deepEqual(parseServerAddress('https://dns.example/dns-query'), {
    kind: 'https',
    url: 'https://dns.example/dns-query',
  });
  assert.equal(formatServerAddress('2001:db8::1', 53), '[2001:db8::1]:53');
});

test('everything else is refused, with the form that is wanted', () => {
  for (const text of [
    '192.0.2.1',
    'dns.example:53',
    '2001:db8::1:53',
    '192.0.2.1:0',
    '192.0.2.1:70000',
    '[192.0.2]:1',
    'https://',
    'https://u:p@dns.example/',
  ])
    assert.throws(() => parseServerAddress(text), DnsConfigurationError, text);
});

test('names of servers are names with ports, and no addresses', () => {
  assert.deepEqual(namedServer('kube-dns.kube-system.svc:53'), {
    host: 'kube-dns.kube-system.svc',
    port: 53,
  });
  assert.deepEqual(namedServer('localhost:5353'), { host: 'localhost', port: 5353 });
  for (const text of [
    '192.0.2.1:53',
    '[2001:db8::1]:53',
    'dns.example',
    'dns.example:0',
    'https://dns.example',
    '-x:53',
    'a b:53',
  ])
    assert.equal(namedServer(text), undefined, text);
});

test('resolv.conf: three servers at most, the public ones where there is none', () => {
  const text =
    '# made by hand\nsearch example.com\nnameserver 10.0.0.10\n nameserver\t2001:db8::53\nnameserver nonsense\noptions ndots:5\n';
  assert.deepEqual(nameserversOf(text), ['10.0.0.10:53', '[2001:db8::53]:53']);
  assert.deepEqual(nameserversOf('nameserver 1.1.1.1\n'.repeat(5)).length, 3);
  assert.deepEqual(nameserversOf(''), fallbackNameservers);
});
