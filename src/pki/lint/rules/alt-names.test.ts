/** Each rule over subject alternative names, with a certificate that keeps it and one that breaks it. */

import { element, sequence } from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { contextPrimitive } from '../../asn1/tags.ts';
import { leafExtensions } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { altNameRules } from './alt-names.ts';

/** A SAN of raw names, so that faults get past our own encoder. */
const names = (...list: [kind: number, text: string | Buffer][]) => {
  const value = sequence(
    ...list.map(([kind, text]) => element(contextPrimitive(kind), Buffer.from(text as string))),
  );
  return { extensions: leafExtensions({ [oids.subjectAltName]: { oid: oids.subjectAltName, value } }) };
};
const dns = (...list: string[]) => names(...list.map((name): [number, string] => [2, name]));
const email = (text: string) => names([1, text]);
const uri = (text: string) => names([6, text]);
const good = dns('example.com', '*.example.com', 'xn--bcher-kva.example', 'localhost', '1.example');

checkRules(altNameRules, {
  san_empty: { fails: names() },
  san_not_ia5: { fails: dns('bücher.example'), passes: good },
  san_dns_empty: { fails: [dns(''), dns(' ')] },
  san_dns_too_long: {
    fails: [dns(`${'a'.repeat(64)}.example`), dns(`${'a.'.repeat(127)}example`)],
    passes: dns(`${'a'.repeat(63)}.example`),
  },
  san_dns_empty_label: { fails: [dns('a..example'), dns('example.com.'), dns('.example.com')], passes: good },
  san_dns_characters: { fails: [dns('foo bar'), dns('http://example.com'), dns('a,b')], passes: good },
  san_dns_wildcard: { fails: [dns('www.*.example'), dns('w*.example')], passes: good },
  san_dns_hyphen: { fails: [dns('-a.example'), dns('a-.example')], passes: good },
  san_dns_underscore: { fails: dns('_a.example'), passes: good },
  san_ip_length: {
    fails: names([7, Buffer.alloc(5)]),
    passes: names([7, Buffer.alloc(4)], [7, Buffer.alloc(16)]),
  },
  san_uri_not_absolute: {
    fails: [uri('/path'), uri('example.com'), uri('http:')],
    passes: [uri('spiffe://a/b'), uri('urn:uuid:1')],
  },
  san_uri_characters: { fails: [uri('http://a/ b'), uri('http://a/%zz')], passes: uri('http://a/%20?b#c') },
  san_email_syntax: {
    fails: [email('a'), email('<a@b>'), email('a@b@c')],
    passes: email('a.b+c@example.com'),
  },
  san_duplicate: { fails: dns('a.example', 'a.example'), passes: names([2, 'a.example'], [6, 'a.example']) },
  san_critical_with_subject: {
    fails: {
      extensions: leafExtensions({
        [oids.subjectAltName]: { oid: oids.subjectAltName, critical: true, value: sequence() },
      }),
    },
  },
});
