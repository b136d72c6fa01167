import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../kube/testing/fake-clock.ts';
import { createAuthority, issueLeaf } from './authority.ts';
import { UnreadableFilesError } from './errors.ts';
import { fileCertificates } from './file-certificates.ts';

const start = Date.UTC(2026, 0, 1);
const authority = await createAuthority('test', start);
const leaf = () => issueLeaf(authority, { dnsNames: ['a'], duration: 86_400_000, now: start });
const [first, second] = [await leaf(), await leaf()];

function world(pair: { cert: string; key: string }) {
  const files: Record<string, string | undefined> = { 'tls.crt': pair.cert, 'tls.key': pair.key };
  const clock = createFakeClock(start);
  const source = fileCertificates({
    certFile: 'tls.crt',
    keyFile: 'tls.key',
    readFile: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(text);
    },
    clock,
    log: { info: () => undefined, warn: () => undefined },
  });
  const stop = new AbortController();
  const run = source.run(stop.signal);
  return { files, clock, source, stop, run };
}

test('the pair is read, and read again when it changes', async () => {
  const { files, clock, source, stop, run } = world(first);
  await clock.advance(0);
  assert.equal(source.current?.cert, first.cert);
  files['tls.crt'] = second.cert;
  await clock.advance(10_000);
  assert.equal(source.current?.cert, first.cert, 'half a pair is not used');
  assert.match(source.problem ?? '', /tls\.crt and tls\.key are no pair/u);
  files['tls.key'] = second.key;
  await clock.advance(10_000);
  assert.equal(source.current?.cert, second.cert);
  assert.equal(source.problem, undefined);
  stop.abort(new Error('over'));
  await run;
});

test('twelve failures in a row are the end, eleven are not', async () => {
  const { files, clock, source, run } = world(first);
  await clock.advance(0);
  const ended = assert.rejects(run, (error) => error instanceof UnreadableFilesError);
  files['tls.key'] = undefined;
  await clock.advance(110_000);
  files['tls.key'] = first.key;
  await clock.advance(10_000);
  assert.equal(source.problem, undefined);
  files['tls.key'] = undefined;
  await clock.advance(120_000);
  await ended;
  assert.equal(source.current?.cert, first.cert);
});
