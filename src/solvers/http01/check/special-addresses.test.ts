/** Which addresses are never asked, which are this machine, and which a CA on the Internet cannot reach. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForbidden, isLoopback, isPrivate } from './special-addresses.ts';

test('metadata servers and link-local addresses are never asked, in any spelling', () => {
  for (const address of [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:FFFF:A9FE:A9FE',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    'fe80::1%eth0',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    'ff02::1',
    '224.0.0.1',
  ])
    assert.ok(isForbidden(address), address);
  for (const address of [
    '10.0.0.1',
    '203.0.113.5',
    '2001:db8::1',
    'fd00::1',
    '64:ff9b::808:808',
    '2002:808:808::1',
    'www.example.com',
    '',
  ])
    assert.ok(!isForbidden(address), address);
});

test('loopback and unspecified addresses are this machine', () => {
  for (const address of [
    '127.0.0.1',
    '127.255.0.3',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ])
    assert.ok(isLoopback(address), address);
  for (const address of ['128.0.0.1', '10.0.0.1', '2001:db8::1', 'localhost'])
    assert.ok(!isLoopback(address), address);
});

test('private means: not to be reached from the Internet', () => {
  for (const address of [
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    '127.0.0.1',
    '169.254.1.1',
  ])
    assert.ok(isPrivate(address), address);
  for (const address of ['172.32.0.1', '8.8.8.8', '203.0.113.5', '2001:db8::1'])
    assert.ok(!isPrivate(address), address);
});
