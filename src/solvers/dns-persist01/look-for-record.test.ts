import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsRecord } from '../../dns/resolver.ts';
import { scriptResolver, type Scripted } from '../../dns/testing/script-resolver.ts';
import { defaultAcmeSettings } from '../settings.ts';
import { createLookForRecord, type RecordQuestion } from './look-for-record.ts';

const name = '_validation-persist.example.com.';
const account = 'https://ca.example/acct/1';
const now = Date.parse('2027-01-01T00:00:00Z');
const right = `authority.example; accounturi=${account}`;

function look(found: Scripted | undefined, more: Partial<RecordQuestion> = {}) {
  const resolver = scriptResolver(found === undefined ? {} : { [`TXT ${name}`]: found });
  const lookups = { resolver, systemNameservers: ['192.0.2.1:53'] };
  const question = {
    dnsName: 'example.com',
    wildcard: false,
    section: {},
    accountUri: account,
    now,
    ...more,
  };
  return { sight: createLookForRecord(lookups, defaultAcmeSettings.dns)(question), resolver };
}
const records = (...texts: string[]): Scripted => ({
  answers: texts.map((text): DnsRecord => ({ name, ttl: 60, type: 'TXT', text })),
});

test('the record of the account is found among those of others, whatever name the CA goes by in it', async () => {
  const other = 'other.example; accounturi=https://other.example/acct/9';
  const { sight, resolver } = look(records('v=spf1 -all', other, right));
  assert.deepEqual(await sight, { kind: 'there' });
  assert.deepEqual(resolver.asked, [`TXT ${name} @192.0.2.1:53`]);
  const own = look(records(right), { section: { nameservers: ['192.0.2.53:53'] } });
  assert.deepEqual(await own.sight, { kind: 'there' });
  assert.deepEqual(own.resolver.asked, [`TXT ${name} @192.0.2.53:53`]);
});

test('none, one of another account, and one that does not do are missing; the last with the reason', async () => {
  const none = `${name} has no TXT record for ACME account ${account}`;
  for (const found of [undefined, records(), records('other.example; accounturi=https://other.example/1')])
    assert.deepEqual(await look(found).sight, { kind: 'missing', problem: none });
  const plain = await look(records(right), { wildcard: true }).sight;
  assert.equal(plain.kind, 'missing');
  assert.match(plain.kind === 'missing' ? plain.problem : '', /it has no policy=wildcard/u);
  const ended = await look(records(`${right}; persistUntil=1700000000`)).sight;
  assert.match(ended.kind === 'missing' ? ended.problem : '', /it ended at 2023-11-14/u);
});

test('one that ends soon is told of, unless another lasts longer', async () => {
  const soon = `${right}; persistUntil=${now / 1000 + 86_400}`;
  const sight = await look(records(soon)).sight;
  assert.match(sight.kind === 'there' ? (sight.notice ?? '') : '', /ends at 2027-01-02 00:00 UTC/u);
  assert.deepEqual(await look(records(soon, right)).sight, { kind: 'there' });
});

test('a server that fails says nothing about the record', async () => {
  assert.equal((await look({ rcode: 'SERVFAIL' }).sight).kind, 'unknown');
  assert.equal((await look({ fails: 'silent' }).sight).kind, 'unknown');
});
