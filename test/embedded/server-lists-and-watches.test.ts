/** Lists, pages, tables, selectors and watches through the in-process dispatcher. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer, watchEvents, widget, WIDGETS, type Asking, type Json } from './server-harness.ts';

const ALL = '/apis/example.com/v1/widgets';
const names = (body: Json): (string | undefined)[] =>
  (body['items'] as Json[]).map(({ metadata }) => metadata?.name);

describe('lists', () => {
  let api: Asking;
  before(async () => {
    api = await startServer({ historyLimit: 600 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await api.ask(
        'POST',
        WIDGETS,
        widget(name, { color: name < 'c' ? 'red' : 'blue' }, { labels: { n: name } }),
      );
    }
  });
  after(() => api.close());

  test('pages show one snapshot, whatever happens in between', async () => {
    const first = await api.ask('GET', `${ALL}?limit=2`);
    assert.deepEqual(names(first.body), ['a', 'b']);
    const metadata = first.body.metadata as {
      continue: string;
      remainingItemCount: number;
      resourceVersion: string;
    };
    assert.equal(metadata.remainingItemCount, 3);
    await api.ask('POST', WIDGETS, widget('cc'));
    const second = await api.ask('GET', `${ALL}?limit=2&continue=${metadata.continue}`);
    assert.deepEqual(names(second.body), ['c', 'd']);
    assert.equal(second.body.metadata?.resourceVersion, metadata.resourceVersion);
    const again = (second.body.metadata as { continue: string }).continue;
    const third = await api.ask('GET', `${ALL}?limit=2&continue=${again}`);
    assert.deepEqual(
      [names(third.body), (third.body.metadata as { continue?: string }).continue],
      [['e'], undefined],
    );
    await api.ask('DELETE', `${WIDGETS}/cc`);
  });

  test('selectors', async () => {
    assert.deepEqual(names((await api.ask('GET', `${ALL}?labelSelector=n%20in%20(a,d)`)).body), ['a', 'd']);
    assert.deepEqual(names((await api.ask('GET', `${ALL}?fieldSelector=spec.color%3Dblue`)).body), [
      'c',
      'd',
      'e',
    ]);
    assert.deepEqual(names((await api.ask('GET', `${WIDGETS}?fieldSelector=metadata.name%3Da`)).body), ['a']);
    assert.equal((await api.ask('GET', `${ALL}?fieldSelector=spec.size%3D3`)).code, 400);
  });

  test('tables and metadata only', async () => {
    const table = await api.ask('GET', WIDGETS, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    const columns = table.body['columnDefinitions'] as { name: string }[];
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['Name', 'Color', 'Ready'],
    );
    const [row] = table.body['rows'] as { cells: unknown[]; object: Json }[];
    assert.deepEqual(row?.cells, ['a', 'red', null]);
    assert.equal(row?.object.kind, 'PartialObjectMetadata');
    const partial = await api.ask('GET', WIDGETS, undefined, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    assert.equal(partial.body.kind, 'PartialObjectMetadataList');
    assert.equal((partial.body['items'] as Json[])[0]?.['spec'], undefined);
    assert.equal((await api.ask('GET', WIDGETS, undefined, { accept: 'text/html' })).code, 406);
  });

  test('a watch shows the present state and what follows, and selections are left and entered', async () => {
    const dispatcher = api.server.dispatcher();
    const events = await watchEvents(
      dispatcher,
      `${WIDGETS}?watch=true&fieldSelector=spec.color%3Dred`,
      4,
      async () => {
        await api.ask(
          'PATCH',
          `${WIDGETS}/c`,
          { spec: { color: 'red' } },
          { 'content-type': 'application/merge-patch+json' },
        );
        await api.ask(
          'PATCH',
          `${WIDGETS}/c`,
          { spec: { color: 'blue' } },
          { 'content-type': 'application/merge-patch+json' },
        );
      },
    );
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata?.name]),
      [
        ['ADDED', 'a'],
        ['ADDED', 'b'],
        ['ADDED', 'c'],
        ['DELETED', 'c'],
      ],
    );
  });

  test('a watch resumes from a revision, and a streaming list ends with a bookmark', async () => {
    const { body } = await api.ask('GET', WIDGETS);
    await api.ask('POST', WIDGETS, widget('late'));
    await api.ask('DELETE', `${WIDGETS}/late`);
    const dispatcher = api.server.dispatcher();
    const resumed = await watchEvents(
      dispatcher,
      `${WIDGETS}?watch=1&resourceVersion=${body.metadata?.resourceVersion}`,
      2,
    );
    assert.deepEqual(
      resumed.map(({ type, object }) => [type, object.metadata?.name]),
      [
        ['ADDED', 'late'],
        ['DELETED', 'late'],
      ],
    );
    const streamed = await watchEvents(
      dispatcher,
      `${WIDGETS}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      6,
    );
    const last = streamed.at(-1);
    assert.equal(last?.type, 'BOOKMARK');
    assert.deepEqual(last?.object.metadata?.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal(streamed.filter(({ type }) => type === 'ADDED').length, 5);
  });

  test('a watch from before the history is told 410', async () => {
    const { body } = await api.ask('GET', WIDGETS);
    const writes = Array.from({ length: 1300 }, (_, i) =>
      api.ask(
        'PATCH',
        `${WIDGETS}/e`,
        { spec: { size: i % 10 } },
        { 'content-type': 'application/merge-patch+json' },
      ),
    );
    await Promise.all(writes);
    const [event] = await watchEvents(
      api.server.dispatcher(),
      `${WIDGETS}?watch=1&resourceVersion=${body.metadata?.resourceVersion}`,
      1,
    );
    assert.equal(event?.type, 'ERROR');
    assert.deepEqual([event?.object['code'], event?.object['reason']], [410, 'Expired']);
    assert.equal(
      (
        await api.ask(
          'GET',
          `${WIDGETS}?resourceVersion=${body.metadata?.resourceVersion}&resourceVersionMatch=Exact`,
        )
      ).code,
      410,
    );
  });

  test('deletecollection deletes what is selected', async () => {
    const gone = await api.ask('DELETE', `${WIDGETS}?labelSelector=n%3Da`);
    assert.deepEqual(names(gone.body), ['a']);
    assert.equal((await api.ask('GET', `${WIDGETS}/a`)).code, 404);
    assert.equal((await api.ask('GET', `${WIDGETS}/b`)).code, 200);
  });
});
