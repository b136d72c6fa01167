/** Create, read, update, patch, apply and delete through the in-process dispatcher. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer, widget, WIDGETS, type Asking } from './server-harness.ts';

const SECRETS = '/api/v1/namespaces/default/secrets';

describe('objects', () => {
  let api: Asking;
  before(async () => {
    api = await startServer();
  });
  after(() => api.close());

  test('create stamps metadata, applies defaults and answers 201', async () => {
    const { code, body } = await api.ask('POST', WIDGETS, widget('made'));
    assert.equal(code, 201);
    assert.match(body.metadata?.uid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    assert.match(body.metadata?.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(body.metadata?.generation, 1);
    assert.equal(body.metadata?.namespace, 'default');
    assert.deepEqual(body['spec'], { color: 'red', size: 3 });
    assert.deepEqual((await api.ask('GET', `${WIDGETS}/made`)).body, body);
  });

  test('a token of a service account is refused with what to use instead, other subresources as paths', async () => {
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    const token = await api.ask('POST', `${account}/token`, {});
    assert.deepEqual([token.code, token.body['reason']], [404, 'NotFound']);
    assert.match(
      String(token.body['message']),
      /no tokens are issued for service accounts here: use the kubeconfig/,
    );
    for (const other of ['status', 'constructor', 'ephemeral']) {
      const { code, body } = await api.ask('POST', `${account}/${other}`, {});
      assert.equal(code, 404);
      assert.equal(body['message'], 'the server could not find the requested resource', other);
    }
  });

  test('a second create of the name is refused in Kubernetes words', async () => {
    await api.ask('POST', WIDGETS, widget('twice'));
    const { code, body } = await api.ask('POST', WIDGETS, widget('twice'));
    assert.equal(code, 409);
    assert.equal(body['reason'], 'AlreadyExists');
    assert.equal(body['message'], 'widgets.example.com "twice" already exists');
    assert.deepEqual(body['details'], { name: 'twice', group: 'example.com', kind: 'widgets' });
  });

  test('generateName makes a name', async () => {
    const unnamed = widget('', { color: 'x' }, { generateName: 'gen-' });
    const { body } = await api.ask('POST', WIDGETS, unnamed);
    assert.match(body.metadata?.name ?? '', /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('invalid objects name each field', async () => {
    const { code, body } = await api.ask('POST', WIDGETS, widget('Bad_Name', { size: 11 }));
    assert.equal(code, 422);
    assert.equal(body['reason'], 'Invalid');
    const { causes } = body['details'] as { causes: { field: string; reason: string }[] };
    assert.deepEqual(causes.map(({ field }) => field).sort(), ['metadata.name', 'spec.color', 'spec.size']);
    assert.match(String(body['message']), /^Widget\.example\.com "Bad_Name" is invalid: \[/);
  });

  test('unknown fields: Strict refuses, Warn warns and drops, Ignore drops', async () => {
    const odd = widget('odd', { color: 'red', shade: 'dark' });
    const strict = await api.ask('POST', `${WIDGETS}?fieldValidation=Strict`, odd);
    assert.equal(strict.code, 400);
    assert.match(String(strict.body['message']), /strict decoding error: unknown field "spec.shade"/);
    assert.deepEqual(strict.body['details'], {
      causes: [{ reason: 'UnknownField', message: 'unknown field', field: 'spec.shade' }],
    });
    const warned = await api.ask('POST', WIDGETS, odd);
    assert.equal(warned.headers['warning'], '299 - "unknown field \\"spec.shade\\""');
    assert.equal((warned.body['spec'] as { shade?: string }).shade, undefined);
    const ignored = await api.ask(
      'POST',
      `${WIDGETS}?fieldValidation=Ignore`,
      widget('odd2', { color: 'red', shade: 'dark' }),
    );
    assert.equal(ignored.headers['warning'], undefined);
  });

  test('dry run stores nothing', async () => {
    assert.equal((await api.ask('POST', `${WIDGETS}?dryRun=All`, widget('dry'))).code, 201);
    assert.equal((await api.ask('GET', `${WIDGETS}/dry`)).code, 404);
  });

  test('update locks optimistically; generation follows spec only; no change is no write', async () => {
    const { body: made } = await api.ask('POST', WIDGETS, widget('locked'));
    const changed = await api.ask('PUT', `${WIDGETS}/locked`, { ...made, spec: { color: 'blue' } });
    assert.equal(changed.body.metadata?.generation, 2);
    const stale = await api.ask('PUT', `${WIDGETS}/locked`, { ...made, spec: { color: 'green' } });
    assert.equal(stale.code, 409);
    assert.match(
      String(stale.body['message']),
      /the object has been modified; please apply your changes to the latest version/,
    );
    const same = await api.ask('PUT', `${WIDGETS}/locked`, changed.body);
    assert.equal(same.body.metadata?.resourceVersion, changed.body.metadata?.resourceVersion);
    const labelled = await api.ask(
      'PATCH',
      `${WIDGETS}/locked`,
      { metadata: { labels: { a: 'b' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.equal(labelled.body.metadata?.generation, 2);
  });

  test('status is its own territory', async () => {
    const { body: made } = await api.ask('POST', WIDGETS, {
      ...widget('state'),
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    assert.equal(made['status'], undefined);
    const { body } = await api.ask('PUT', `${WIDGETS}/state/status`, {
      ...made,
      spec: { color: 'no' },
      status: { conditions: [] },
    });
    assert.deepEqual(
      [body['status'], (body['spec'] as { color: string }).color, body.metadata?.generation],
      [{ conditions: [] }, 'red', 1],
    );
  });

  test('JSON patch, merge patch, strategic merge for built-in kinds only', async () => {
    await api.ask('POST', WIDGETS, widget('patched'));
    const json = await api.ask(
      'PATCH',
      `${WIDGETS}/patched`,
      [{ op: 'replace', path: '/spec/color', value: 'gold' }],
      { 'content-type': 'application/json-patch+json' },
    );
    assert.equal((json.body['spec'] as { color: string }).color, 'gold');
    const strategic = await api.ask(
      'PATCH',
      `${WIDGETS}/patched`,
      {},
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
    assert.equal(strategic.code, 415);
    await api.ask('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'plain' },
      data: { a: '1', b: '2' },
    });
    const merged = await api.ask(
      'PATCH',
      '/api/v1/namespaces/default/configmaps/plain',
      { data: { a: null, c: '3' } },
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
    assert.deepEqual(merged.body['data'], { b: '2', c: '3' });
  });

  test('server-side apply creates, owns, conflicts, and yields to force', async () => {
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const path = `${WIDGETS}/applied`;
    const first = await api.ask('PATCH', `${path}?fieldManager=one`, widget('applied'), apply);
    assert.equal(first.code, 201);
    assert.deepEqual(
      first.body.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [['one', 'Apply']],
    );
    const second = await api.ask(
      'PATCH',
      `${path}?fieldManager=two`,
      widget('applied', { color: 'blue' }),
      apply,
    );
    assert.equal(second.code, 409);
    assert.match(
      String(second.body['message']),
      /^Apply failed with 1 conflict: conflict with "one"[^:]*: \.spec\.color$/,
    );
    const forced = await api.ask(
      'PATCH',
      `${path}?fieldManager=two&force=true`,
      widget('applied', { color: 'blue' }),
      apply,
    );
    assert.equal((forced.body['spec'] as { color: string }).color, 'blue');
    const again = await api.ask(
      'PATCH',
      `${path}?fieldManager=two&force=true`,
      widget('applied', { color: 'blue' }),
      apply,
    );
    assert.equal(again.body.metadata?.resourceVersion, forced.body.metadata?.resourceVersion);
  });

  test('delete honours preconditions, waits for finalizers, answers Status', async () => {
    const { body } = await api.ask(
      'POST',
      WIDGETS,
      widget('held', { color: 'red' }, { finalizers: ['example.com/hold'] }),
    );
    const wrong = await api.ask('DELETE', `${WIDGETS}/held`, { preconditions: { uid: 'other' } });
    assert.equal(wrong.code, 409);
    const waiting = await api.ask('DELETE', `${WIDGETS}/held`);
    assert.equal(typeof waiting.body.metadata?.deletionTimestamp, 'string');
    const added = await api.ask(
      'PATCH',
      `${WIDGETS}/held`,
      { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.equal(added.code, 422);
    await api.ask(
      'PATCH',
      `${WIDGETS}/held`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.equal((await api.ask('GET', `${WIDGETS}/held`)).code, 404);
    await api.ask('POST', WIDGETS, widget('plain'));
    const gone = await api.ask('DELETE', `${WIDGETS}/plain`);
    assert.equal(gone.body['status'], 'Success');
    assert.notEqual((gone.body['details'] as { uid: string }).uid, body.metadata?.uid);
  });

  test('versions are views of one object', async () => {
    await api.ask('POST', WIDGETS, widget('both'));
    const { body } = await api.ask('GET', '/apis/example.com/v1beta1/namespaces/default/widgets/both');
    assert.equal(body.apiVersion, 'example.com/v1beta1');
  });

  test('Secrets: stringData, type, required entries, immutability', async () => {
    const { body } = await api.ask('POST', SECRETS, {
      metadata: { name: 's' },
      stringData: { a: 'b' },
      immutable: true,
    });
    assert.deepEqual([body['type'], body['data'], body['stringData']], ['Opaque', { a: 'Yg==' }, undefined]);
    const changed = await api.ask(
      'PATCH',
      `${SECRETS}/s`,
      { data: { a: 'Yw==' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.equal(changed.code, 422);
    const tls = await api.ask('POST', SECRETS, {
      metadata: { name: 't' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': '' },
    });
    assert.match(String(tls.body['message']), /data\[tls\.key\]: Required value/);
  });

  test('events are one store under two names', async () => {
    await api.ask('POST', '/api/v1/namespaces/default/events', {
      metadata: { name: 'e1' },
      involvedObject: { kind: 'Widget', name: 'x', namespace: 'default' },
      reason: 'R',
      message: 'hello',
      type: 'Normal',
    });
    const { body } = await api.ask('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e1');
    assert.equal(body['note'], 'hello');
    assert.equal((body['regarding'] as { name: string }).name, 'x');
    const found = await api.ask('GET', '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dx');
    assert.equal((found.body['items'] as object[]).length, 1);
  });

  test('bad bodies are refused, and the server lives', async () => {
    for (const [body, code] of [
      ['{', 400],
      ['[]', 400],
      ['"x"', 400],
      [`${'['.repeat(5000)}${']'.repeat(5000)}`, 400],
      [`{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`, 413],
    ] as const) {
      assert.equal((await api.ask('POST', WIDGETS, body)).code, code);
    }
    const large = widget('large', { color: 'red' }, { annotations: { a: 'x'.repeat(300_000) } });
    assert.equal((await api.ask('POST', WIDGETS, large)).code, 422);
    assert.equal((await api.ask('GET', '/readyz')).code, 200);
  });
});
