/** Route 53 and STS as their API references describe them, in memory; what they would refuse is an assertion. */

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';

import type { RawAnswer, RawRequest } from '../testing/provider-world.ts';
import { allAt, escapeXml, parseXml, textAt } from '../xml.ts';

export interface StoredSet {
  name: string;
  identifier: string | undefined;
  ttl: string;
  values: string[];
}

export interface AwsKeys {
  readonly id: string;
  readonly secret: string;
  readonly session?: string;
}

export class Route53Server {
  readonly sets: StoredSet[] = [];
  /** As ListHostedZonesByName gives them. */
  zones: readonly { id: string; name: string; isPrivate?: boolean }[] = [
    { id: 'Z1EXAMPLE', name: 'example.com.' },
  ];
  /** How many times a change is PENDING before it is INSYNC. */
  pending = 1;
  /** Zones in one answer. */
  pageSize = 100;
  /** Who may sign. */
  keys: readonly AwsKeys[];
  region = 'us-east-1';
  host = 'route53.amazonaws.com';
  #polls = 0;

  constructor(keys: readonly AwsKeys[]) {
    this.keys = keys;
  }

  readonly answer = (request: RawRequest): RawAnswer => {
    const { method, url, body } = request;
    if (url.host.startsWith('sts.')) return this.#sts(request);
    assert.equal(url.host, this.host);
    assertSigned(request, 'route53', this.region, this.keys);
    const path = url.pathname.replace('/2013-04-01/', '');
    if (method === 'GET' && path === 'hostedzonesbyname') return this.#zonesByName(url.searchParams);
    if (method === 'GET' && path.startsWith('change/'))
      return ok('GetChangeResponse', change(this.#polls++ < this.pending ? 'PENDING' : 'INSYNC'));
    assert.match(path, /^hostedzone\/Z1EXAMPLE\/rrset\/?$/u);
    if (method === 'GET') return this.#list(url.searchParams);
    assert.equal(request.headers['content-type'], 'application/xml');
    return this.#change(body);
  };

  #zonesByName(query: URLSearchParams): RawAnswer {
    const from = Number(query.get('hostedzoneid') ?? 0);
    const page = this.zones.slice(from, from + this.pageSize);
    const next = this.zones[from + this.pageSize];
    const listed = page.map(
      ({ id, name, isPrivate = false }) =>
        `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`,
    );
    const more =
      next &&
      `<NextDNSName>${next.name}</NextDNSName><NextHostedZoneId>${from + this.pageSize}</NextHostedZoneId>`;
    return ok(
      'ListHostedZonesByNameResponse',
      `<HostedZones>${listed.join('')}</HostedZones><IsTruncated>${next !== undefined}</IsTruncated>${more ?? ''}`,
    );
  }

  #list(query: URLSearchParams): RawAnswer {
    const sets = this.sets.filter(({ name }) => name >= (query.get('name') ?? ''));
    const listed = sets.map(({ name, identifier, ttl, values }) => {
      const id = identifier === undefined ? '' : `<SetIdentifier>${escapeXml(identifier)}</SetIdentifier>`;
      const records = values.map(
        (one) => `<ResourceRecord><Value>${escapeXml(one)}</Value></ResourceRecord>`,
      );
      return `<ResourceRecordSet><Name>${name}</Name><Type>TXT</Type>${id}<TTL>${ttl}</TTL><ResourceRecords>${records.join('')}</ResourceRecords></ResourceRecordSet>`;
    });
    return ok(
      'ListResourceRecordSetsResponse',
      `<ResourceRecordSets>${listed.join('')}</ResourceRecordSets>`,
    );
  }

  /** A batch holds as a whole or not at all. */
  #change(body: string): RawAnswer {
    const root = parseXml(body);
    assert.equal(root?.name, 'ChangeResourceRecordSetsRequest');
    assert.ok(body.includes('xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'));
    assert.equal(textAt(root, 'ChangeBatch', 'Comment'), 'Managed by cert-manager');
    const sets = [...this.sets];
    for (const one of allAt(root, 'ChangeBatch', 'Changes', 'Change')) {
      const [set] = allAt(one, 'ResourceRecordSet');
      assert.equal(textAt(set, 'Type'), 'TXT');
      const name = textAt(set, 'Name') ?? '';
      const identifier = textAt(set, 'SetIdentifier');
      assert.equal(textAt(set, 'MultiValueAnswer'), identifier === undefined ? undefined : 'true');
      const values = allAt(set, 'ResourceRecords', 'ResourceRecord', 'Value').map(({ text }) => text);
      for (const value of values) assert.match(value, /^"(?:[^"\\]|\\.)*"$/u);
      const wanted: StoredSet = { name, identifier, ttl: textAt(set, 'TTL') ?? '', values };
      const at = sets.findIndex((other) => other.name === name && other.identifier === identifier);
      const action = textAt(one, 'Action');
      if (action === 'DELETE') {
        if (at < 0 || JSON.stringify(sets[at]) !== JSON.stringify(wanted))
          return invalid(
            `Tried to delete resource record set [name='${name}', type='TXT'] but it was not found`,
          );
        sets.splice(at, 1);
      } else {
        if (
          sets.some(
            (other) => other.name === name && (other.identifier === undefined) !== (identifier === undefined),
          )
        )
          return invalid(
            `RRSet with DNS name ${name}, type TXT cannot be created as other RRSets exist with the same name and type.`,
          );
        if (at >= 0 && action === 'CREATE') return invalid('it already exists');
        if (at >= 0) sets.splice(at, 1);
        sets.push(wanted);
      }
    }
    this.sets.splice(0, this.sets.length, ...sets);
    this.#polls = 0;
    return ok('ChangeResourceRecordSetsResponse', change(this.pending > 0 ? 'PENDING' : 'INSYNC'));
  }

  #sts(request: RawRequest): RawAnswer {
    const form = Object.fromEntries(new URLSearchParams(request.body));
    assert.equal(form['Version'], '2011-06-15');
    assert.equal(form['RoleSessionName'], 'cert-manager');
    assert.match(form['RoleArn'] ?? '', /^arn:aws/u);
    const action = form['Action'] ?? '';
    if (action === 'AssumeRole') assertSigned(request, 'sts', stsRegion(request.url.host), this.keys);
    else {
      assert.equal(action, 'AssumeRoleWithWebIdentity');
      assert.equal(request.headers.authorization, undefined);
      assert.equal(form['WebIdentityToken'], 'k8s-token.sts.amazonaws.com.600');
    }
    return ok(
      `${action}Response`,
      `<${action}Result><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret-key</SecretAccessKey><SessionToken>role-session-token</SessionToken></Credentials></${action}Result>`,
    );
  }
}

/** What AWS computes from the raw request, apart from the code that signed it. */
function assertSigned(
  { method, url, headers, body }: RawRequest,
  service: string,
  region: string,
  keys: readonly AwsKeys[],
): void {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/u.exec(
      headers.authorization ?? '',
    );
  assert.ok(match, `a signature of version 4: ${headers.authorization}`);
  const [, id, date = '', scopeRegion, scopeService, signed = '', signature] = match;
  const key = keys.find((one) => one.id === id);
  assert.ok(key, `a key that is known: ${id}`);
  assert.deepEqual([scopeRegion, scopeService], [region, service]);
  assert.equal(headers['x-amz-security-token'], key.session);
  const names = signed.split(';');
  for (const needed of ['host', 'x-amz-date', ...(key.session === undefined ? [] : ['x-amz-security-token'])])
    assert.ok(names.includes(needed), `${needed} is signed`);
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const mac = (by: string | Buffer, text: string): Buffer => createHmac('sha256', by).update(text).digest();
  const query = [...url.searchParams]
    .map(([name, value]) =>
      [name, value]
        .map((one) =>
          encodeURIComponent(one).replace(
            /[!'()*]/gu,
            (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
          ),
        )
        .join('='),
    )
    .toSorted()
    .join('&');
  const canonical = [
    method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'] ?? sha(body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const secret = ['aws4_request'].reduce(mac, mac(mac(mac(`AWS4${key.secret}`, date), region), service));
  const expected = mac(
    secret,
    `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${scope}\n${sha(canonical)}`,
  ).toString('hex');
  assert.equal(signature, expected, 'the signature holds');
}

function ok(name: string, content: string): RawAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0"?>\n<${name} xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${content}</${name}>`,
  };
}

function change(status: string): string {
  return `<ChangeInfo><Id>/change/C2682N5HXP0BZ4</Id><Status>${status}</Status></ChangeInfo>`;
}

function invalid(message: string): RawAnswer {
  return {
    status: 400,
    body: `<InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages><Message>${escapeXml(message)}</Message></Messages><RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></InvalidChangeBatch>`,
  };
}

/** The global endpoint is that of us-east-1. */
function stsRegion(host: string): string {
  return host === 'sts.amazonaws.com' ? 'us-east-1' : (host.split('.')[1] ?? '');
}
