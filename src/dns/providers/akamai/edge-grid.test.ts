import assert from 'node:assert/strict';
import { test } from 'node:test';

import { edgeGrid, edgeGridTime } from './edge-grid.ts';

/** What Akamai publishes with its own signers, with dummy credentials. */
const CREDENTIALS = {
  clientToken: 'akab-client-token-xxx-xxxxxxxxxxxxxxxx',
  clientSecret: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=',
  accessToken: 'akab-access-token-xxx-xxxxxxxxxxxxxxxx',
};
const TIME = '20140321T19:34:21+0000';
const NONCE = 'nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';
const HOST = 'https://akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net';

for (const { name, request, signature } of [
  {
    name: 'simple GET',
    request: { method: 'GET', url: `${HOST}/` },
    signature: 'tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=',
  },
  {
    name: 'GET with a query',
    request: { method: 'GET', url: `${HOST}/testapi/v1/t1?p1=1&p2=2` },
    signature: 'hKDH1UlnQySSHjvIcZpDMbQHihTQ0XyVAKZaApabdeA=',
  },
  {
    name: 'POST',
    request: { method: 'POST', url: `${HOST}/testapi/v1/t3`, body: 'datadatadatadatadatadatadatadata' },
    signature: 'hXm4iCxtpN22m4cbZb4lVLW5rhX8Ca82vCFqXzSTPe4=',
  },
  {
    name: 'POST with an empty body',
    request: { method: 'POST', url: `${HOST}/testapi/v1/t6`, body: '' },
    signature: '1gEDxeQGD5GovIkJJGcBaKnZ+VaPtrc4qBUHixjsPCQ=',
  },
])
  test(`Akamai's vector: ${name}`, () => {
    assert.equal(
      edgeGrid(CREDENTIALS, request, TIME, NONCE),
      `EG1-HMAC-SHA256 client_token=${CREDENTIALS.clientToken};access_token=${CREDENTIALS.accessToken};timestamp=${TIME};nonce=${NONCE};signature=${signature}`,
    );
  });

test('times are written as Akamai reads them', () => {
  assert.equal(edgeGridTime(Date.UTC(2014, 2, 21, 19, 34, 21, 500)), TIME);
});
