/** Definitions of the wrong shape are refused by field; they are no fault of the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer, widgetDefinition } from './server-harness.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const odd: Record<string, [object, string]> = {
  'columns that are no list': [{ additionalPrinterColumns: 5 }, 'additionalPrinterColumns'],
  'a column that is null': [{ additionalPrinterColumns: [null] }, 'additionalPrinterColumns[0]'],
  'a column whose path is a number': [
    { additionalPrinterColumns: [{ name: 'a', type: 'string', jsonPath: 5 }] },
    'additionalPrinterColumns[0].jsonPath',
  ],
  'a selectable field that is null': [{ selectableFields: [null] }, 'selectableFields[0]'],
};

for (const [what, [part, field]] of Object.entries(odd)) {
  test(`${what} in a definition`, async () => {
    const api = await startServer({ crds: [] });
    const [version] = widgetDefinition.spec.versions;
    const spec = { ...widgetDefinition.spec, versions: [{ ...version, ...part }] };
    const { code, body } = await api.ask('POST', CRDS, { ...widgetDefinition, spec });
    assert.equal(code, 422);
    assert.ok(String(body['message']).includes(`spec.versions[0].${field}`), String(body['message']));
    await api.close();
  });
}
