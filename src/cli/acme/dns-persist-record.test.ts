import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startDnsServer, txt } from '../../dns/testing/dns-server.ts';
import { runProgram, type Commands } from '../program.ts';

const none = (): never => assert.fail('another command');
const commands: Commands = { up: none, controller: none, cainjector: none, webhook: none, acmesolver: none };

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runProgram(['acme', 'dns-persist-record', ...args], commands, {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    color: false,
    pid: 1,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

const ca = ['--issuer-domain-name', 'CA.example', '--account-uri', 'https://ca.example/acct/1'];

suite('acme dns-persist-record', () => {
  test('prints lines for a zone file, one for each name', async () => {
    const { code, out } = await run('Example.com', '*.example.org', ...ca, '--persist-until', '2200-01-01');
    assert.equal(code, 0);
    assert.equal(
      out,
      '_validation-persist.example.com. IN TXT "ca.example; accounturi=https://ca.example/acct/1; persistUntil=7258118400"\n' +
        '_validation-persist.example.org. IN TXT "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard; persistUntil=7258118400"\n',
    );
  });

  test('prints JSON for programs', async () => {
    const { out } = await run('example.com', ...ca, '--wildcard', '-o', 'json');
    assert.deepEqual(JSON.parse(out), [
      {
        name: '_validation-persist.example.com.',
        type: 'TXT',
        value: 'ca.example; accounturi=https://ca.example/acct/1; policy=wildcard',
      },
    ]);
  });

  test('looks whether the records are there, and says by its exit code if not', async () => {
    await using server = await startDnsServer(({ name, type }) =>
      type === 'TXT' && name === '_validation-persist.there.example'
        ? { answers: [txt(name, 'ca.example; accounturi=https://ca.example/acct/1; policy=wildcard')] }
        : {},
    );
    const verify = ['--verify', '--nameservers', server.server];
    const there = await run('there.example', ...ca, ...verify);
    assert.deepEqual(
      [there.code, there.out.split('\n')[1]],
      [0, `  seen at ${server.server}: the record is there`],
    );
    const missing = await run('missing.example', 'there.example', ...ca, ...verify, '-o', 'json');
    assert.equal(missing.code, 1);
    const told = JSON.parse(missing.out) as { verified: boolean }[];
    assert.deepEqual(
      told.map(({ verified }) => verified),
      [false, true],
    );
  });

  for (const [what, args, why] of [
    ['no name', ca, /missing required argument/u],
    ['no account', ['a.example', '--issuer-domain-name', 'ca.example'], /--account-uri/u],
    ['a name that is none', ['a..b', ...ca], /empty label/u],
    [
      'an account that is no https URL',
      ['a.b', '--issuer-domain-name', 'ca.example', '--account-uri', 'http://x'],
      /status\.acme\.uri/u,
    ],
    ['an end that is over', ['a.b', ...ca, '--persist-until', '1'], /lies in the past/u],
    ['an end that is no time', ['a.b', ...ca, '--persist-until', 'soon'], /write a date/u],
    ['a server that is none', ['a.b', ...ca, '--verify', '--nameservers', 'dns'], /<ip address>:<port>/u],
    ['an unknown format', ['a.b', ...ca, '-o', 'yaml'], /--output/u],
  ] as const)
    test(`${what} is a usage error`, async () => {
      const { code, out, err } = await run(...args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, why);
    });
});
