/** What is ordered for a spec, and which answers of a CA are about it (acme.md §5, Create). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifiersOf, sameIdentifier } from './identifiers.ts';

const values = (spec: Parameters<typeof identifiersOf>[0]): string[] =>
  identifiersOf(spec).map(({ type, value }) => `${type} ${value}`);

test('names come sorted before addresses, each once', () => {
  const spec = {
    dnsNames: ['b.example', 'a.example', 'b.example'],
    ipAddresses: ['2001:db8::1', '192.0.2.1'],
  };
  assert.deepEqual(values(spec), ['dns a.example', 'dns b.example', 'ip 192.0.2.1', 'ip 2001:db8::1']);
});

test('a common name is ordered where it is an address or a plain name, and only there', () => {
  assert.deepEqual(values({ commonName: 'a.example', dnsNames: ['a.example'] }), ['dns a.example']);
  assert.deepEqual(values({ commonName: 'c.example', dnsNames: ['a.example'] }), [
    'dns a.example',
    'dns c.example',
  ]);
  assert.deepEqual(values({ commonName: '192.0.2.1' }), ['ip 192.0.2.1']);
  for (const commonName of ['*.a.example', 'localhost', 'My Shop', 'a..example', 'fe80::1%eth0'])
    assert.deepEqual(values({ commonName }), [], commonName);
});

test('an answer is about the name that was ordered, however the CA writes it', () => {
  const dns = (value: string) => ({ type: 'dns', value }) as const;
  const ip = (value: string) => ({ type: 'ip', value }) as const;
  assert.ok(sameIdentifier(dns('*.Example.com'), dns('example.com')));
  assert.ok(sameIdentifier(dns('example.com.'), dns('EXAMPLE.com')));
  assert.ok(sameIdentifier(ip('2001:db8:0::1'), ip('2001:DB8::1')));
  assert.ok(!sameIdentifier(dns('example.com'), dns('www.example.com')));
  assert.ok(!sameIdentifier(ip('192.0.2.1'), ip('192.0.2.2')));
  assert.ok(!sameIdentifier(ip('192.0.2.1'), dns('192.0.2.1')));
  assert.ok(!sameIdentifier(dns('192.0.2.1'), ip('192.0.2.1')));
  assert.ok(!sameIdentifier(ip('192.0.2.1'), ip('no address')));
  // What nobody's certificate holds is compared as text, whoever sent it.
  assert.ok(!sameIdentifier(ip('fe80::1%eth0'), ip('fe80::1')));
  assert.ok(sameIdentifier(ip('fe80::1%eth0'), ip('fe80::1%eth0')));
});
