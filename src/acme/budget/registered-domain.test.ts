/** Registered domains: by the short rule, and by the Public Suffix List where the system has one. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parsePublicSuffixList, registeredDomain } from './registered-domain.ts';

describe('registeredDomain', () => {
  it('takes two labels, three below country codes that sell the third level and below big hosters', () => {
    const cases = {
      'example.com': 'example.com',
      'a.b.example.com': 'example.com',
      '*.example.com': 'example.com',
      'www.example.co.uk': 'example.co.uk',
      'a.example.com.au': 'example.com.au',
      'a.example.de': 'example.de',
      'x.me.github.io': 'me.github.io',
      'Example.COM.': 'example.com',
      localhost: 'localhost',
      'co.uk': 'co.uk',
    };
    for (const [name, domain] of Object.entries(cases)) assert.equal(registeredDomain(name), domain);
  });
  it('counts an IPv4 address by itself and an IPv6 address by its /64', () => {
    assert.equal(registeredDomain('192.0.2.1'), '192.0.2.1');
    assert.equal(registeredDomain('2001:DB8:0:1::5'), '2001:db8:0:1::/64');
    assert.equal(registeredDomain('2001:db8::5'), '2001:db8:0:0::/64');
    assert.equal(registeredDomain('::1'), '0:0:0:0::/64');
    assert.equal(registeredDomain('1:2:3:4:5:6:7:8'), '1:2:3:4::/64');
    assert.equal(registeredDomain('64:ff9b::192.0.2.1'), '64:ff9b:0:0::/64');
  });
  it('takes an address with a zone for a text: a zone may look like more of an address', () => {
    for (const text of ['1:2:3:4:5:6:7:8%a::b:c', '1:2:3:4:5:6:7::%a.b', 'fe80::1%eth0'])
      assert.ok(!registeredDomain(text).endsWith('::/64'), text);
  });
  it('answers something for anything', () => {
    fc.assert(fc.property(fc.string(), (name) => registeredDomain(name).length <= name.length + 30));
  });
});

describe('parsePublicSuffixList', () => {
  const suffixes = parsePublicSuffixList(
    '// a comment\ncom\nuk\nco.uk\n*.ck\n!www.ck\n例.jp // note\njp\ngithub.io\nio\n',
  );
  it('knows rules, wildcards, exceptions and names beyond ASCII', () => {
    const cases = {
      'a.example.com': 'example.com',
      'a.b.co.uk': 'b.co.uk',
      'a.b.c.ck': 'b.c.ck',
      'a.www.ck': 'www.ck',
      'a.b.xn--fsq.jp': 'b.xn--fsq.jp',
      'a.b.github.io': 'b.github.io',
      'a.b.unknown': 'b.unknown',
    };
    for (const [name, domain] of Object.entries(cases))
      assert.equal(registeredDomain(name, suffixes), domain);
  });
  it('agrees with the short rule on common names where the system has the list', (context) => {
    const file = '/usr/share/publicsuffix/public_suffix_list.dat';
    if (!existsSync(file)) {
      context.diagnostic('this system has no public suffix list: the comparison is left out');
      return;
    }
    const list = parsePublicSuffixList(readFileSync(file, 'utf8'));
    for (const name of ['a.example.com', 'a.example.co.uk', 'a.example.de', 'a.b.github.io', 'x.y.com.au'])
      assert.equal(registeredDomain(name), registeredDomain(name, list));
  });
});
