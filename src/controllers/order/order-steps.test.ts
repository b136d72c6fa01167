/** What a failed call to the CA leaves in the status of an Order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient } from '../../acme/acme-client.ts';
import type { ControllerContext } from '../context.ts';
import { problem } from '../testing/fake-ca.ts';
import type { StepInput } from './ca-steps.ts';
import { LostOrders } from './lost-orders.ts';
import { OrderSteps } from './order-steps.ts';

const now = Date.parse('2026-11-22T10:00:00Z');

async function waitsUntil(error: Error, failures = 0): Promise<{ reason: string; minutes: number }> {
  const client: Partial<AcmeClient> = {
    async order() {
      throw error;
    },
  };
  const input: StepInput = {
    order: {
      metadata: { name: 'web-1-1', namespace: 'shop', uid: 'u' },
      spec: { request: '', issuerRef: { name: 'acme' }, dnsNames: ['a.example'] },
      status: { url: 'https://ca.example/order/1' },
    },
    issuer: {
      metadata: { name: 'acme', namespace: 'shop' },
      spec: { acme: { server: 'https://ca.example/dir', privateKeySecretRef: { name: 'k' } } },
    },
    client: client as AcmeClient,
    budget: undefined,
    lost: new LostOrders(() => false),
    memory: { uid: 'u', polls: 0, failures, ready: false, finalizing: false, pollAtMs: 0 },
    now,
    signal: new AbortController().signal,
  };
  const steps = new OrderSteps({} as ControllerContext);
  const { status } = await steps.ask(input, { do: 'fetch-order', why: 'test' }, []);
  const { reason, nextAttemptAt } = status;
  return { reason: reason ?? '', minutes: (Date.parse(nextAttemptAt ?? '') - now) / 60_000 };
}

test('what passes is tried again soon, then later; until a person has agreed to something, every hour, as its reason says', async () => {
  const busy = problem(503, 'serverInternal', 'busy');
  assert.equal((await waitsUntil(busy)).minutes, 5 / 60);
  assert.equal((await waitsUntil(busy, 20)).minutes, 30);
  const agree = problem(403, 'userActionRequired', 'new terms');
  for (const failures of [0, 20]) {
    const { reason, minutes } = await waitsUntil(agree, failures);
    assert.match(reason, /asked again every hour/u);
    assert.equal(minutes, 60);
  }
});
