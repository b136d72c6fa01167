import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MalformedMessageError } from '../errors.ts';
import type { ProviderEnvironment } from '../provider.ts';
import { ProviderApi } from './provider-api.ts';

function api(request: () => Promise<never>): ProviderApi {
  const environment = { http: { request }, now: () => 0 } as unknown as ProviderEnvironment;
  return new ProviderApi(environment, 'Example', ['secret-value']);
}

const call = { method: 'GET', url: 'https://user:pass@api.test/secret-value?x=secret-value' };

for (const [what, error, expected] of [
  [
    'a refused connection',
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443 at 12:00:01'), { code: 'ECONNREFUSED' }),
    { code: 'dns-provider/unavailable', message: 'Example gave no answer at api.test: ECONNREFUSED' },
  ],
  [
    'a body that is too long',
    new MalformedMessageError('an answer of more than 1048576 bytes'),
    {
      code: 'dns-provider/unexpected-answer',
      message:
        'Example gave an answer to GET at api.test that its documentation does not know: an answer of more than 1048576 bytes',
    },
  ],
  [
    'an error that quotes a credential',
    new Error('bad header secret-value'),
    {
      code: 'dns-provider/unavailable',
      message: 'Example gave no answer at api.test: bad header [credential]',
    },
  ],
] as const)
  test(`told as ours: ${what}`, async () => {
    await assert.rejects(api(() => Promise.reject(error)).send(call), expected);
  });

for (const [value, ms] of [
  ['17', 17_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000],
  ['999999999', 86_400_000],
  ['soon', undefined],
  ['-1', undefined],
  ['Wed, 31 Dec 1969 00:00:00 GMT', undefined],
] as const)
  test(`Retry-After: ${value}`, () => {
    const none = api(() => Promise.reject(new Error('unused')));
    const failure = none.failure('it', { status: 429, headers: { 'retry-after': value }, body: '' });
    assert.equal(failure.retryAfterMs, ms);
  });
