/** Commands that do not exist are errors, also with --help, and name the one that was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram, type Commands, type Surroundings } from './program.ts';

const none = (): Promise<number> => Promise.reject(new Error('nothing is to run'));
const commands: Commands = { up: none, controller: none, cainjector: none, webhook: none, acmesolver: none };

async function run(line: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const surroundings: Surroundings = {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    color: false,
    pid: 1,
    signal: new AbortController().signal,
  };
  const code = await runProgram(line.split(' '), commands, surroundings);
  return { code, out, err };
}

for (const [line, given, meant] of [
  ['acme account shwo --help', 'certwright acme account shwo', 'certwright acme account show'],
  ['acme account wrong', 'certwright acme account wrong', undefined],
  ['acme acount show x --help', 'certwright acme acount', 'certwright acme account'],
  ['status web --help', 'certwright status', 'certwright acme status'],
  ['renew web --namespace shop', 'certwright renew', 'certwright acme renew'],
  ['revoke web', 'certwright revoke', 'certwright acme revoke'],
  ['rollover x', 'certwright rollover', 'certwright acme account rollover'],
  ['statsu web', 'certwright statsu', 'certwright acme status'],
  ['contoller', 'certwright contoller', 'certwright controller'],
  ['help contoller', 'certwright contoller', 'certwright controller'],
  ['acme help acount', 'certwright acme acount', 'certwright acme account'],
  ['frobnicate', 'certwright frobnicate', undefined],
] as const)
  test(`certwright ${line}`, async () => {
    const { code, out, err } = await run(line);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.ok(err.includes(`unknown command '${given}'`), err);
    if (meant === undefined) assert.ok(!err.includes('Did you mean'), err);
    else assert.ok(err.includes(`(Did you mean ${meant}`), err);
  });

for (const line of [
  '--help',
  'help',
  'help acme',
  'acme --help',
  'acme help account',
  'acme account show --help',
])
  test(`certwright ${line} is no error`, async () => {
    const { code, out } = await run(line);
    assert.equal(code, 0, out);
    assert.match(out, /^Usage: certwright/u);
  });

test('options that nobody has are told as such', async () => {
  const { code, err } = await run('--kubeconfig x acme status web');
  assert.equal(code, 2);
  assert.match(err, /unknown option '--kubeconfig'/u);
});
