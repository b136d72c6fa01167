import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { adaptConnection, probeCapabilities, type Capabilities } from './capabilities.ts';
import { systemClock } from './clock.ts';
import { connect, type OpenConnection } from './connect.ts';

interface Answer {
  flowSchema?: string;
  status?: number;
  version?: string;
}

async function serverThat(
  t: TestContext,
  answer: Answer,
): Promise<{ connection: OpenConnection; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (answer.flowSchema !== undefined)
      response.setHeader('X-Kubernetes-PF-FlowSchema-UID', answer.flowSchema);
    response.statusCode = answer.status ?? 200;
    response.end(answer.version ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = await connect(
    { server: url, tls: () => Promise.resolve({}) },
    { clock: systemClock, random: () => 0 },
  );
  t.after(async () => {
    await connection.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { connection, asked };
}

const version = (major: string, minor: string): string => JSON.stringify({ major, minor });
const cases: [title: string, answer: Answer, expected: Capabilities][] = [
  [
    '1.34 with fairness',
    { flowSchema: 'uid', version: version('1', '34') },
    { priorityAndFairness: true, streamingList: true },
  ],
  [
    '1.33 with fairness',
    { flowSchema: 'uid', version: version('1', '33') },
    { priorityAndFairness: true, streamingList: false },
  ],
  [
    'a vendor that appends to its minor',
    { version: version('1', '35+') },
    { priorityAndFairness: false, streamingList: true },
  ],
  ['a major of its own', { version: version('2', '0') }, { priorityAndFairness: false, streamingList: true }],
  [
    'no version at all',
    { flowSchema: 'uid', version: 'hello' },
    { priorityAndFairness: true, streamingList: false },
  ],
  [
    'a server that refuses to tell',
    { flowSchema: 'uid', status: 403, version: version('1', '34') },
    { priorityAndFairness: false, streamingList: false },
  ],
];
for (const [title, answer, expected] of cases) {
  test(`capabilities of ${title}`, async (t) => {
    const { connection, asked } = await serverThat(t, answer);
    assert.deepEqual(await probeCapabilities(connection), expected);
    assert.deepEqual(asked, ['GET /version']);
  });
}

test('a server that cannot be reached can do nothing, and that is no error', async () => {
  const connection = await connect(
    { server: 'http://127.0.0.1:1', tls: () => Promise.resolve({}) },
    { clock: systemClock, random: () => 0 },
  );
  assert.deepEqual(await probeCapabilities(connection), { priorityAndFairness: false, streamingList: false });
  await connection.close();
});

test('the rate is limited only where the server does not share itself out', async (t) => {
  const fair = await serverThat(t, { flowSchema: 'uid' });
  assert.equal((await adaptConnection(fair.connection)).limiter, undefined);
  const plain = await serverThat(t, {});
  const adapted = await adaptConnection(plain.connection, { perSecond: 1_000, burst: 2 });
  assert.ok(adapted.limiter !== undefined);
  assert.equal(adapted.baseUrl, plain.connection.baseUrl);
});
