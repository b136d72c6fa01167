import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateways } from '../../api/networking.ts';
import type { KubeClient, ListOptions } from '../../kube/client.ts';
import { ForbiddenError, NotFoundError, TransportError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { defaultControllerOptions } from '../context.ts';
import { whenServed } from './served.ts';

const silent = (): void => undefined;

function asking(answers: (Error | undefined)[]) {
  const asked: (ListOptions | undefined)[] = [];
  const client: Pick<KubeClient, 'list'> = {
    list: (_type, options) => {
      asked.push(options);
      const error = answers.length > 1 ? answers.shift() : answers[0];
      return error === undefined ? Promise.resolve({ metadata: {}, items: [] }) : Promise.reject(error);
    },
  };
  const clock = createFakeClock(0, () => new Promise((resolve) => setImmediate(resolve)));
  const told: string[] = [];
  const abort = new AbortController();
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const context = {
    client: client as KubeClient,
    clock,
    log,
    options: { ...defaultControllerOptions, namespace: 'shop' },
  };
  const served = whenServed(context, gateways, (why) => told.push(why), abort.signal);
  return { asked, clock, told, abort, served };
}

test('definitions that come later are waited for: told once, asked every half minute, one small list each', async () => {
  const absent = new NotFoundError('the server could not find the requested resource');
  const { asked, clock, told, served } = asking([absent, absent, absent, undefined]);
  for (let i = 0; i < 3; i++) await clock.advance(30_000);
  assert.equal(await served, true);
  assert.deepEqual(told, ['absent', 'served']);
  assert.equal(asked.length, 4);
  assert.deepEqual([asked[0]?.limit, asked[0]?.metadataOnly, asked[0]?.namespace], [1, true, 'shop']);
});

test('what is served at once is worth no word', async () => {
  const { told, served } = asking([undefined]);
  assert.equal(await served, true);
  assert.deepEqual(told, []);
});

test('another reason is told again', async () => {
  const { clock, told, served } = asking([
    new NotFoundError(''),
    new ForbiddenError(''),
    new ForbiddenError(''),
    new TransportError(''),
    undefined,
  ]);
  for (let i = 0; i < 4; i++) await clock.advance(30_000);
  assert.equal(await served, true);
  assert.deepEqual(told, ['absent', 'forbidden', 'failed', 'served']);
});

test('stopped while waiting', async () => {
  const { clock, abort, served } = asking([new ForbiddenError('')]);
  await clock.advance(1);
  abort.abort();
  assert.equal(await served, false);
});
