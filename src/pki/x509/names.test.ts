import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { oids } from '../asn1/oids.ts';
import { NameError, PkiError } from '../errors.ts';
import { encodeSubjectAltName, parseSubjectAltName } from './general-names.ts';
import { decodeCidr, decodeIp, encodeCidr, encodeIp } from './ip-address.ts';
import { commonNameOf, parseLiteralSubject, UnknownAttributeError } from './literal-subject.ts';
import { encodeNameConstraints, parseNameConstraints } from './name-constraints.ts';
import { encodeName, fieldsOfName, nameFromFields, parseName, printName, type Name } from './name.ts';

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => value.isWellFormed());

describe('subject from fields', () => {
  test('order of Go 1.26, one RDN per type, DER-sorted values', () => {
    const name = nameFromFields(
      {
        organizations: ['Zeta', 'Alpha'],
        countries: ['DE'],
        organizationalUnits: ['U'],
        localities: ['L'],
        provinces: ['P'],
        streetAddresses: ['S'],
        postalCodes: ['1'],
        serialNumber: 'N',
      },
      'C N',
    );
    const back = parseName(encodeName(name));
    assert.deepEqual(
      back.map((rdn) => rdn.map(({ value }) => value)),
      [['DE'], ['P'], ['L'], ['S'], ['1'], ['Zeta', 'Alpha'], ['U'], ['C N'], ['N']],
    );
    assert.equal(
      printName(back),
      'SERIALNUMBER=N,CN=C N,OU=U,O=Zeta+O=Alpha,POSTALCODE=1,STREET=S,L=L,ST=P,C=DE',
    );
  });

  test('fields round trip up to the order inside a SET', () => {
    const list = fc.array(text, { maxLength: 3 });
    const fields = fc.record({
      organizations: list,
      countries: list,
      localities: list,
      postalCodes: list,
      serialNumber: text,
    });
    fc.assert(
      fc.property(fields, text, (subject, commonName) => {
        const back = fieldsOfName(parseName(encodeName(nameFromFields(subject, commonName))));
        assert.equal(back.commonName, commonName);
        assert.equal(back.serialNumber, subject.serialNumber);
        for (const field of ['organizations', 'countries', 'localities', 'postalCodes'] as const) {
          assert.deepEqual((back[field] ?? []).toSorted(), subject[field].toSorted());
        }
      }),
    );
  });

  test('nothing gives the empty SEQUENCE', () => {
    assert.equal(encodeName(nameFromFields({ organizations: [] }, '')).toString('hex'), '3000');
  });
});

describe('literal subject (RFC 4514)', () => {
  const parsed = (literal: string): [string, string][][] =>
    parseLiteralSubject(literal).map((rdn) => rdn.map(({ type, value }) => [type, value]));

  test('examples of RFC 4514 §4, encoded in reverse', () => {
    assert.deepEqual(parsed('UID=jsmith,DC=example,DC=net'), [
      [[oids.domainComponent, 'net']],
      [[oids.domainComponent, 'example']],
      [[oids.userId, 'jsmith']],
    ]);
    assert.deepEqual(parsed('OU=Sales+CN=J.  Smith,DC=net')[1], [
      [oids.organizationalUnit, 'Sales'],
      [oids.commonName, 'J.  Smith'],
    ]);
    assert.deepEqual(parsed('CN=James \\"Jim\\" Smith\\, III'), [
      [[oids.commonName, 'James "Jim" Smith, III']],
    ]);
    assert.deepEqual(parsed('CN=Before\\0dAfter'), [[[oids.commonName, 'Before\rAfter']]]);
    assert.deepEqual(parsed('1.3.6.1.4.1.1466.0=#0c024869'), [[['1.3.6.1.4.1.1466.0', 'Hi']]]);
    assert.deepEqual(parsed('CN=Lu\\C4\\8Di\\C4\\87'), [[[oids.commonName, 'Lučić']]]);
  });

  test('spaces around values do not count, escaped ones do', () => {
    assert.deepEqual(parsed(' CN =  a b  , O=\\ x\\ '), [
      [[oids.organization, ' x ']],
      [[oids.commonName, 'a b']],
    ]);
    assert.deepEqual(parsed('  '), []);
  });

  test('what is not RFC 4514 is refused', () => {
    for (const bad of [
      'CN',
      'CN=a,',
      '=a',
      'CN=a\\',
      'CN=a\\x',
      'CN="a"',
      'CN=<',
      'CN=\\ff',
      'CN=#0c',
      'CN=#zz',
      'C N=a',
      `CN=${'a'.repeat(9000)}`,
      'CN=\ud800',
      'CN=#020101',
    ]) {
      assert.throws(() => parseLiteralSubject(bad), NameError, bad);
    }
  });

  test('keywords are case-sensitive and known', () => {
    for (const keyword of ['cn', 'EMAIL', 'POSTALCODE', 'X']) {
      assert.throws(
        () => parseLiteralSubject(`CN=a,${keyword}=value`),
        (error: unknown) =>
          error instanceof UnknownAttributeError && error.keyword === keyword && error.value === 'value',
      );
    }
  });

  test('the first common name of the encoding counts', () => {
    assert.equal(commonNameOf(parseLiteralSubject('CN=written first,CN=encoded first')), 'encoded first');
    assert.equal(commonNameOf(parseLiteralSubject('O=x')), undefined);
  });

  test('printing and parsing are inverse', () => {
    const attribute = fc.record(
      { type: fc.constantFrom(oids.commonName, oids.organization, oids.country, '1.2.3.4'), value: text },
      { noNullPrototype: true },
    );
    const names = fc.array(fc.array(attribute, { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(names, (name: Name) => {
        const again = parseLiteralSubject(printName(name));
        assert.deepEqual(
          again.map((rdn) => rdn.map(({ type, value }) => ({ type, value }))),
          name,
        );
      }),
    );
  });
});

describe('alternative names', () => {
  test('the order is DNS, email, IP, URI, otherName', () => {
    const value = encodeSubjectAltName({
      otherNames: [{ oid: '1.2.3', utf8Value: 'x' }],
      uris: ['u:'],
      ipAddresses: ['1.2.3.4'],
      emailAddresses: ['e@x'],
      dnsNames: ['d'],
    });
    assert.equal(
      value?.toString('hex'),
      ['301d', '820164', '8103654078', '870401020304', '8602753a', 'a00906022a03a0030c0178'].join(''),
    );
    assert.equal(encodeSubjectAltName({ dnsNames: [] }), undefined);
  });

  test('a name beyond ASCII is refused with the text to write instead', () => {
    assert.throws(
      () => encodeSubjectAltName({ dnsNames: ['bücher.example'] }),
      /^NameError: "bücher\.example" has characters outside ASCII: write it as xn--bcher-kva\.example$/u,
    );
    assert.throws(() => encodeSubjectAltName({ dnsNames: ['ü \u0001'] }), /and is no DNS name/u);
  });

  test('text outside ASCII, empty text and bad addresses are refused', () => {
    for (const names of [
      { dnsNames: ['münchen.de'] },
      { dnsNames: [''] },
      { emailAddresses: ['ü@x'] },
      { uris: ['http://ü'] },
      { ipAddresses: ['1.2.3'] },
      { ipAddresses: ['fe80::1%eth0'] },
      { otherNames: [{ oid: 'x', utf8Value: 'x' }] },
      { otherNames: [{ oid: '1.2.3', utf8Value: '\udc00' }] },
    ]) {
      assert.throws(() => encodeSubjectAltName(names), NameError);
    }
  });

  test('round trip', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 });
    const names = fc.record({
      dnsNames: fc.array(ascii, { minLength: 1 }),
      uris: fc.array(ascii),
      ipAddresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6())),
      otherNames: fc.array(fc.record({ oid: fc.constant('1.2.3.4'), utf8Value: text })),
    });
    fc.assert(
      fc.property(names, (asked) => {
        const back = parseSubjectAltName(encodeSubjectAltName(asked) ?? Buffer.alloc(0));
        assert.deepEqual(back.dnsNames, asked.dnsNames);
        assert.deepEqual(back.uris, asked.uris);
        assert.deepEqual(
          back.ipAddresses.map((ip) => encodeIp(ip).toString('hex')),
          asked.ipAddresses.map((ip) => encodeIp(ip).toString('hex')),
        );
        assert.deepEqual(
          back.otherNames.map(({ utf8Value }) => utf8Value),
          asked.otherNames.map(({ utf8Value }) => utf8Value),
        );
      }),
    );
  });

  test('malformed names are refused', () => {
    for (const bytes of [
      '3003870101',
      '3002a000',
      '30028e00',
      '30020c00',
      '3003820180',
      '3000 00'.replace(' ', ''),
    ]) {
      assert.throws(() => parseSubjectAltName(Buffer.from(bytes, 'hex')), PkiError, bytes);
    }
  });
});

describe('addresses', () => {
  test('RFC 5952 text', () => {
    for (const [input, want] of [
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['::', '::'],
      ['::1', '::1'],
      ['1::', '1::'],
      ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
      ['::ffff:1.2.3.4', '1.2.3.4'],
      ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ] as const) {
      assert.equal(decodeIp(encodeIp(input)), want);
    }
  });

  test('ranges lose their host bits; masks must be contiguous', () => {
    assert.equal(encodeCidr('10.1.2.3/12').toString('hex'), '0a000000fff00000');
    assert.equal(decodeCidr(encodeCidr('2001:db8::1/33')), '2001:db8::/33');
    assert.equal(decodeCidr(encodeCidr('0.0.0.0/0')), '0.0.0.0/0');
    assert.equal(decodeCidr(Buffer.from('0a000000ff00ff00', 'hex')), undefined);
    for (const bad of ['10.0.0.0', '10.0.0.0/33', '::/129', 'x/8', '10.0.0/8', '/8'])
      assert.throws(() => encodeCidr(bad), NameError, bad);
  });
});

describe('name constraints', () => {
  test('round trip, and nothing for empty lists', () => {
    const permitted = {
      dnsDomains: ['a', '.b'],
      ipRanges: ['10.0.0.0/8', 'fd00::/8'],
      emailAddresses: ['x@y'],
      uriDomains: ['.z'],
    };
    const none = { dnsDomains: [], ipRanges: [], emailAddresses: [], uriDomains: [] };
    assert.deepEqual(parseNameConstraints(encodeNameConstraints({ permitted }) ?? Buffer.alloc(0)), {
      permitted,
      excluded: none,
    });
    assert.deepEqual(
      parseNameConstraints(encodeNameConstraints({ excluded: permitted }) ?? Buffer.alloc(0)),
      { permitted: none, excluded: permitted },
    );
    assert.equal(encodeNameConstraints({ permitted: none, critical: true }), undefined);
    assert.throws(() => encodeNameConstraints({ permitted: { ipRanges: ['10.0.0.1'] } }), NameError);
  });
});
